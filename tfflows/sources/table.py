"""Tables: files with named columns, in any format."""

import os
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfflows.errors import check
from tfflows.sources import storage
from tfflows.sources.array_table import NpyTable, NpzTable
from tfflows.sources.csv_table import CsvTable
from tfflows.sources.parquet_table import ParquetTable
from tfflows.sources.place import Place
from tfflows.sources.spans import Span
from tfflows.sources.tfrecord_table import TfRecordTable

FORMATS = {
    r"\.csv": CsvTable.open,
    r"\.(parquet|pq)": ParquetTable.open,
    r"\.npy": NpyTable.open,
    r"\.npz": NpzTable.open,
    r"\.tfrecords?(-\d+-of-\d+)?": TfRecordTable.open,  # with the shard names of TFDS and Beam
}
ENDINGS = ".csv, .parquet, .npy, .npz or .tfrecord"
INDEX_NAMES = ("Unnamed: 0", "__index_level_0__")  # of pandas, in CSV and in Parquet


class TableFile(Protocol):
    """A file with named columns: a small, picklable description, without the rows themselves."""

    @property
    def name(self) -> str:
        """Name of the file in errors."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the order of the file."""

    @property
    def kinds(self) -> dict[str, str]:
        """`"number"` or `"text"` of each column."""

    @property
    def undecided(self) -> frozenset[str]:
        """Names of the columns whose kind is a guess, since no value is there to decide it."""

    def identity(self) -> dict[str, Any]:
        """A JSON value that changes when the rows change."""

    def spans(self, rows: int) -> Iterator[Span]:
        """Spans of `rows` rows that cover the file, in order."""

    def chunks(self, span: Span, size: int) -> Iterator[Sequence]:
        """The rows of `span` in order, as they are stored, at most `size` at a time; a slice of a chunk is a chunk."""

    def columns(self, chunk: Sequence, kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        """Some columns of a chunk, each of shape `[rows]`.

        Args:
            chunk: Rows as they are stored.
            kinds: Columns to read: `"number"` as float64, NaN where a value is missing; `"text"` as objects, str, or
                None where it is missing. Numbers may be read as text, integers then without `.0`.
            first_row: Number of the first row of the chunk in the file, counted from 0, for errors.

        Raises:
            InputError: A value is not of its kind, or infinite, or a date, or an integer that float64 does not hold.
        """


def open_table(path: str, *, delimiter: str = ",") -> TableFile:
    """Opens a file of a format that its ending names.

    Args:
        path: Path of the file.
        delimiter: Character between the fields of a .csv file; a backslash and a t are a tab.

    Raises:
        InputError: The file does not exist, has no rows, or is not of its format.
    """
    opened = format_of(path)
    check(opened is not None, f"Expected a table named {ENDINGS}: convert it, or unpack it.", file=path)
    delimiter = delimiter.replace("\\t", "\t")
    rule = "Expected `delimiter` to be one character: --set=data.delimiter=';'."
    check(len(delimiter) == 1 and delimiter not in '"\r\n', rule, delimiter=delimiter)
    return opened(path, delimiter) if opened == CsvTable.open else opened(path)


def select(file: TableFile, names: Collection[str]) -> TableFile:
    """The same file, of which Parquet then reads only these columns; the other formats are read by whole rows."""
    return file.select(names) if isinstance(file, ParquetTable) else file


def expand(paths: str | os.PathLike | Sequence[str]) -> list[str]:
    """The files that are meant, in order.

    Args:
        paths: A path, a pattern such as `data/*.csv`, a folder (all tables in it), or several of these: a sequence, or
            text with commas between them. The files of a pattern or a folder are sorted by name.

    Raises:
        InputError: One of them does not exist, or a file is meant twice.
    """
    found = [file for path in _listed(paths) for file in _files(path)]
    check(bool(found), "Expected the path of a table, a pattern or a folder.", paths=paths)
    twice = [path for path, count in Counter(found).items() if count > 1]
    check(not twice, "Expected each file once: its rows would count twice.", files=twice[:5])
    return found


def check_same(files: Sequence[TableFile], *, drop: Collection[str] = ()) -> dict[str, str]:
    """The kinds of the columns that all files have, in any order.

    Args:
        files: At least one file.
        drop: Columns that are left out; a file need not have them.

    Raises:
        InputError: A column is missing in a file, or of another kind.
    """
    decided: dict[str, TableFile] = {}
    for file in files:
        _check_same_names(files[0], file, drop)
        for name in set(file.names) - file.undecided - set(drop):
            _check_same_kind(name, decided.setdefault(name, file), file)
    names = [name for name in files[0].names if name not in drop]
    return {name: decided.get(name, files[0]).kinds[name] for name in names}


def index_column(file: TableFile) -> str | None:
    """The name of the column in which pandas wrote the numbers of the rows, if there is one.

    It holds different integers from 0 on: in their order, or in another if the rows were shuffled or split.
    """
    name = next((name for name in INDEX_NAMES if name in file.names and file.kinds[name] == "number"), None)
    if name is None:
        return None
    chunk = next(file.chunks(next(file.spans(1000)), 1000))
    values = file.columns(chunk, {name: "number"}, 0)[name]
    counted = np.all(values == np.floor(values)) and values.min() >= 0 and len(np.unique(values)) == len(values)
    return name if counted else None


def _check_same_names(first: TableFile, file: TableFile, drop: Collection[str]) -> None:
    different = sorted(set(first.names).symmetric_difference(file.names).difference(drop))
    rule = "Expected files with the same columns: add those that only one file has, or drop them:"
    fix = f"--set=data.drop={shlex.quote(','.join(different[:5]))}"
    check(not different, f"{rule} {fix}.", file=first.name, other_file=file.name, columns=different[:5])


def _check_same_kind(name: str, first: TableFile, file: TableFile) -> None:
    rule = "Expected a column to be of one type, numbers or text, in all files: correct it, or drop it:"
    there = {"file": first.name, "type": first.kinds[name], "other_file": file.name, "other_type": file.kinds[name]}
    same = first.kinds[name] == file.kinds[name]
    check(same, f"{rule} {Place(file.name, name).dropped}.", column=name, **there)


def _listed(paths: str | os.PathLike | Sequence[str]) -> list[str]:
    if not isinstance(paths, str | os.PathLike):
        return [path for some in paths for path in _listed(some)]
    paths = os.fspath(paths)
    if "," not in paths or tf.io.gfile.exists(storage.absolute(paths)):
        return [paths] if paths else []
    return [path.strip() for path in paths.split(",") if path.strip()]


def _files(name: str) -> list[str]:
    path = storage.absolute(name)
    if tf.io.gfile.isdir(path):
        files = in_folder(path)
        check(bool(files), f"Expected a folder with tables named {ENDINGS}.", folder=name)
        return [os.path.join(path, file) for file in files]
    files = [path] if tf.io.gfile.exists(path) else sorted(tf.io.gfile.glob(path))
    check(bool(files), "Expected tables: files that exist, patterns that match some, or folders.", path=name)
    return files


def in_folder(folder: str, formats: Mapping[str, Any] = FORMATS) -> list[str]:
    """The names of the files of some formats in a folder, in order; hidden files are left out."""
    names = sorted(tf.io.gfile.listdir(storage.absolute(folder)))
    return [name for name in names if format_of(name, formats) and not name.startswith(".")]


def format_of(path: str, formats: Mapping[str, Any] = FORMATS) -> Any:
    """What `formats` has for the ending of a path, in any case; None for another ending."""
    return next((found for ending, found in formats.items() if re.search(ending + "$", path, re.IGNORECASE)), None)
