"""Columns in memory: arrays, a dictionary of arrays, or a DataFrame, with the interface of a file of a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tfflows.columns import is_frame
from tfflows.errors import check
from tfflows.sources.entries import numbers, parsed, text_of_numbers
from tfflows.sources.place import Place, check_names
from tfflows.sources.spans import Span, even_spans


class Frame:
    """A table in memory.

    Args:
        table: The names and values of the columns; see `named`.
        name: Name of the table, for errors.

    Raises:
        InputError: The columns have different numbers of rows or the same name, or an array is not a table.
    """

    def __init__(self, table: Sequence[tuple[str, Any]], *, name: str = "x"):
        self.name = name
        check_names(name, [key for key, _ in table])
        self.table = {key: _array(key, values) for key, values in table}
        rows = {key: len(values) for key, values in self.table.items()}
        check(len(set(rows.values())) == 1, f"Expected columns of {name!r} with equally many rows.", rows=rows)
        self.rows = next(iter(rows.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table)

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each column, `"number"` or `"text"`."""
        return {name: "text" if values.dtype.kind in "OUS" else "number" for name, values in self.table.items()}

    def spans(self, rows: int) -> Iterator[Span]:
        """Spans of `rows` rows."""
        return even_spans(self.rows, rows)

    def chunks(self, span: Span, size: int) -> Iterator[np.ndarray]:
        """The numbers of the rows of a span, `size` at a time."""
        for some in even_spans(span.rows, size):
            yield np.arange(span.first + some.first, span.first + some.first + some.rows)

    def columns(self, chunk: np.ndarray, kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        """The wanted columns of a chunk: float64 with NaN, or objects with None, for missing values.

        Raises:
            InputError: A column does not hold what `kinds` says.
        """
        return {name: self._column(name, kind, chunk, first_row) for name, kind in kinds.items()}

    def _column(self, name: str, kind: str, chunk: np.ndarray, first_row: int) -> np.ndarray:
        values, place = self.table[name][chunk], Place(self.name, name, first_row)
        if self.kinds[name] == "number":
            return numbers(place, values) if kind == "number" else text_of_numbers(place, values)
        texts = [_text(value) for value in values]
        return parsed(place, pa.array(texts, pa.string())) if kind == "number" else np.array(texts, object)


def as_frame(table: Any) -> Any:
    """A table of pyarrow or polars as a DataFrame of pandas; everything else unchanged."""
    return table.to_pandas() if hasattr(table, "to_pandas") else table


def categories(columns: Sequence[tuple[str, Any]]) -> list[str]:
    """Names of the columns whose type in pandas is `category`, whatever their values are."""
    return [name for name, values in columns if str(getattr(values, "dtype", "")) == "category"]


def named(table: Any) -> list[tuple[str, Any]]:
    """The names and values of the columns of a DataFrame or of a dictionary of arrays `[rows]`; those of an array
    `[rows, columns]` are called x0, x1, ...

    Raises:
        InputError: An array is not a table.
    """
    if isinstance(table, Mapping):
        return [(str(name), values) for name, values in table.items()]
    if is_frame(table):
        return [(str(name), table.iloc[:, place]) for place, name in enumerate(table.columns)]
    array = np.asarray(table)
    check(array.ndim == 2, "Expected a table [rows, columns].", shape=array.shape)
    check(array.shape[1] > 0, "Expected a table with at least one column.", shape=array.shape)
    return [(f"x{place}", array[:, place]) for place in range(array.shape[1])]


def _array(name: str, values: Any) -> np.ndarray:
    """The values of a column: numbers in native byte order, or objects of which each is text or None."""
    array = np.asarray(values)
    check(array.ndim == 1, f"Expected column {name!r} to have one value for each row.", shape=array.shape)
    rule = f"Expected column {name!r} to hold numbers or text, not dates, complex numbers or structures: convert it."
    check(array.dtype.kind in "biufOUST", rule, dtype=str(array.dtype))
    if array.dtype.kind in "biuf":
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    return _of_objects(name, array.astype(object))


def _of_objects(name: str, array: np.ndarray) -> np.ndarray:
    present = [value for value in array if not _is_missing(value)]
    if present and all(isinstance(value, int | float | np.number | np.bool_) for value in present):
        return np.array([np.nan if _is_missing(value) else float(value) for value in array])
    wrong = next((value for value in present if not isinstance(value, str)), None)
    check(wrong is None, f"Expected column {name!r} to hold text or numbers, not both.", value=wrong)
    return array


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value)) or type(value).__name__ == "NAType"


def _text(value: Any) -> str | None:
    return None if _is_missing(value) else value
