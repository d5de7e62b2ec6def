"""CSV files with named columns: what RFC 4180 allows, and the texts that pandas takes for missing values."""

import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tfflows.errors import InputError, check
from tfflows.sources import csv_header, entries, records, storage
from tfflows.sources.file import File
from tfflows.sources.place import Place, check_rows
from tfflows.sources.spans import Span

SAMPLE = 10_000  # rows whose values decide the kinds of the columns
STORED = 1000  # rows that are in memory at a time as lines
FEW = 20  # different numbers that the categories of a column of text may be called by


@dataclasses.dataclass(frozen=True)
class CsvTable(File):
    """A text file in UTF-8 with a line for each row, where fields with commas or line breaks in them stand in quotes.

    The values "", NA, N/A, NaN, nan, null, NULL, None and ?, with or without space around them, are missing.

    Args:
        path: Path of the file.
        names: Names of the columns, from a header; x0, x1, ... where the first line is a row of numbers.
        kinds: `"number"` or `"text"` of each column, by its first value that is not missing.
        undecided: Names of the columns without a value in the first rows, whose kind is a guess.
        delimiter: Character between fields.
        start: Offset of the first byte of the first row.
    """

    names: tuple[str, ...]
    kinds: dict[str, str]
    undecided: frozenset[str]
    delimiter: str
    start: int

    @classmethod
    def open(cls, path: str, delimiter: str = ",") -> "CsvTable":
        """Opens a file and reads its header and its first rows.

        Raises:
            InputError: The file has no rows, another delimiter, or a header with names that are not distinct.
        """
        header = csv_header.read(path, delimiter)
        guess = cls(path, header.names, {}, frozenset(), delimiter, header.length)
        with storage.open_to_read(path) as file:
            file.seek(header.length)
            sample = records.take(path, file, SAMPLE, 0)
        while sample and not sample[-1].strip(b"\r\n"):
            sample.pop()
        check_rows(path, len(sample))
        kinds = guess.sample_kinds(sample)
        undecided = frozenset(name for name, kind in kinds.items() if kind is None)
        return dataclasses.replace(
            guess, kinds={name: kind or "number" for name, kind in kinds.items()}, undecided=undecided
        )

    def sample_kinds(self, chunk: list[bytes]) -> dict[str, str | None]:
        """The kind of each column by its values in some rows; None where all are missing."""
        table = self._texts(chunk, self.names, 0)
        return {name: _kind(table[name]) for name in self.names}

    def spans(self, rows: int) -> Iterator[Span]:
        return records.spans(self.path, self.start, rows)

    def chunks(self, span: Span, size: int) -> Iterator[list[bytes]]:
        return records.chunks(self.path, span, size)

    def columns(self, chunk: list[bytes], kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        numeric = [name for name, kind in kinds.items() if kind == "number"]
        found = self._numbers(chunk, numeric)
        others = [name for name in kinds if name not in found]
        texts = self._texts(chunk, others, first_row) if others else {}
        for name in others:
            place = Place(self.path, name, first_row)
            found[name] = (self._parsed if name in numeric else self._text)(place, texts[name])
        return {name: found[name] for name in kinds}

    def schema(self, names: Sequence[str]) -> pa.Schema:
        """The types of some columns as they are stored."""
        return pa.schema([(name, pa.string()) for name in names])

    def stored(self, span: Span, names: Sequence[str]) -> pa.Table:
        """Some columns of a span as they are stored, whatever they hold."""
        found, first = [], span.first
        for chunk in self.chunks(span, STORED):
            found.append(pa.table(self._texts(chunk, list(names), first), schema=self.schema(names)))
            first += len(chunk)
        return pa.concat_tables(found)

    def _parsed(self, place: Place, texts: pa.Array) -> np.ndarray:
        booleans = entries.booleans(texts) if self.kinds[place.name] == "text" else None
        return entries.parsed(place, texts) if booleans is None else booleans

    def _text(self, place: Place, texts: pa.Array) -> np.ndarray:
        if self.kinds[place.name] == "number":
            texts = pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), r"^([+-]?[0-9]+)\.0*$", r"\1")
        return entries.text(place, texts, entries.is_missing(pc.utf8_trim_whitespace(texts)))

    def _numbers(self, chunk: list[bytes], names: list[str]) -> dict[str, np.ndarray]:
        """The columns that are plainly numbers; those with a text or a very large number need a closer look."""
        table = self._read(chunk, dict.fromkeys(names, pa.float64())) if names else None
        if table is None:
            return {}
        found = {name: table[name].to_numpy().copy() for name in names}
        return {name: values for name, values in found.items() if not np.any(np.abs(values) >= entries.EXACT)}

    def _texts(self, chunk: list[bytes], names: list[str] | tuple[str, ...], first_row: int) -> dict[str, pa.Array]:
        table = self._read(chunk, dict.fromkeys(names, pa.string()))
        if table is None:
            self._refuse(chunk, names, first_row)
        return {name: table[name].combine_chunks() for name in names}

    def _read(self, chunk: list[bytes], types: Mapping[str, pa.DataType]) -> pa.Table | None:
        """The columns of these types; None if a record is not a row, or a value not of its type."""
        if len(self.names) > 1 and (b"\n" in chunk or b"\r\n" in chunk):
            return None  # pyarrow reads a blank line as a row without values
        data, quoting = b"".join(chunk), {"ignore_empty_lines": False, "newlines_in_values": True}
        try:
            table = pa.csv.read_csv(
                io.BytesIO(data),
                pa.csv.ReadOptions(column_names=list(self.names), use_threads=False, block_size=len(data) + 1),
                pa.csv.ParseOptions(delimiter=self.delimiter, **quoting),
                pa.csv.ConvertOptions(column_types=types, include_columns=list(types), null_values=entries.MISSING),
            )
        except pa.ArrowInvalid:
            return None
        return table if len(table) == len(chunk) else None

    def _refuse(self, chunk: list[bytes], names: list[str] | tuple[str, ...], first_row: int) -> None:
        """Raises the error about the first record that is wrong."""
        for index, record in enumerate(chunk):
            place = {"file": self.path, "row": first_row + index}
            fields = csv_header.fields(record.decode("utf-8", "surrogateescape"), self.delimiter, **place)
            fix = f"correct the row, or put quotes around a field with {self.delimiter!r} in it."
            rule = f"Expected {len(self.names)} fields in each row, as in the first line: {fix}"
            check(len(fields) == len(self.names), rule, **place, fields=len(fields), line=_shown(record))
            for name in names:
                field = fields[self.names.index(name)].encode("utf-8", "surrogateescape")
                entries.decoded(Place(self.path, name, first_row + index), [field])
        raise InputError(f"Expected rows that can be read. Received: file={self.path!r}, line={_shown(chunk[0])!r}.")


def _kind(texts: pa.Array) -> str | None:
    """The kind of a column, by its first value; or numbers, if most values are, of which a wrong one is then named."""
    texts = pc.utf8_trim_whitespace(texts)
    missing = entries.is_missing(texts)
    if missing.all():
        return None
    if entries.are_numbers(texts[int(np.argmin(missing)) :][:1])[0]:
        return "number"
    like = ~missing & (entries.are_numbers(texts) | entries.are_like_numbers(texts))
    many = len(texts.filter(pa.array(like)).unique()) > FEW and 2 * like.sum() > (~missing).sum()
    return "number" if many else "text"


def _shown(record: bytes) -> str:
    return record.decode("utf-8", "replace").rstrip("\r\n")[: records.SHOWN]
