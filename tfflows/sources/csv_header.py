"""The first line of a CSV file: the names of its columns, or already a row of numbers."""

import csv
import dataclasses
import io
from typing import Any

import pyarrow as pa

from tfflows.errors import InputError, check
from tfflows.sources import entries, records, storage
from tfflows.sources.place import check_names

BOM = b"\xef\xbb\xbf"  # with which programs on Windows mark UTF-8
OTHERS = {";": "';'", "\t": r"'\t'", "|": "'|'"}  # other characters between fields, as a command takes them


@dataclasses.dataclass(frozen=True)
class Header:
    """Names of the columns.

    Args:
        names: Names; x0, x1, ... without a header, and `Unnamed: 0` for a name that is empty, as pandas says.
        length: Number of bytes before the first row.
    """

    names: tuple[str, ...]
    length: int


def read(path: str, delimiter: str) -> Header:
    """Reads the first line of a file.

    Raises:
        InputError: The file is empty, has another delimiter or encoding, or names that are not distinct.
    """
    with storage.open_to_read(path) as file:
        line = b"".join(records.take(path, file, 1, records.HEADER))
    check(bool(line.removeprefix(BOM).strip()), "Expected a file with a header and rows: it is empty.", file=path)
    found = [field.strip() for field in fields(_decoded(path, line), delimiter, file=path)]
    _check_delimiter(path, found, delimiter)
    if _is_row(path, found):
        return Header(tuple(f"x{index}" for index in range(len(found))), len(BOM) if line.startswith(BOM) else 0)
    names = tuple(name or f"Unnamed: {index}" for index, name in enumerate(found))
    check_names(path, names)
    return Header(names, len(line))


def fields(record: str, delimiter: str, **place: Any) -> list[str]:
    """The fields of one record, whose `place` an error names.

    Raises:
        InputError: The record is not one: it has a quote in the wrong place, or line breaks of another kind.
    """
    rule = 'Expected quotes around a field with a quote or a line break, and each inner quote doubled ("").'
    try:
        rows = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    except csv.Error:
        rows = [[], []]
    check(len(rows) <= 1, rule, **place, line=record[: records.SHOWN])
    return rows[0] if rows and rows[0] else [""]


def _is_row(path: str, found: list[str]) -> bool:
    """Whether the first line holds numbers, of which some may be missing, and no names."""
    texts = pa.array(found)
    missing, numbers = entries.is_missing(texts), entries.are_numbers(texts)
    counted = [str(index) for index in range(len(found))]
    # pandas numbers columns without names, and such a header looks like a row.
    rule = "Expected a header of names, or a row of numbers: a header 0,1,2,... looks like a row, so name the columns."
    check(len(found) == 1 or found not in (counted, ["", *counted[:-1]]), rule, file=path, line=found[:5])
    return bool((missing | numbers).all() and numbers.any())


def _check_delimiter(path: str, found: list[str], delimiter: str) -> None:
    for other, option in OTHERS.items():
        rule = f"Expected fields separated by {delimiter!r}, or the right delimiter: --set=data.delimiter={option}."
        check(len(found) > 1 or other == delimiter or other not in found[0], rule, file=path, line=found[0][:80])


def _decoded(path: str, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        rule = "Expected a text file in UTF-8: convert it, for example with `iconv -t UTF-8`."
        raise InputError(f"{rule} Received: file={path!r}, line={line[:40]!r}.") from None
