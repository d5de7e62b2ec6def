"""Parquet files with named columns."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfflows.sources import entries, parquet
from tfflows.sources.file import File
from tfflows.sources.place import Place, check_names, check_rows
from tfflows.sources.spans import Span, even_spans


@dataclasses.dataclass(frozen=True)
class ParquetTable(File):
    """A Parquet file; nulls, NaN and empty text are missing.

    Args:
        path: Path of the file.
        rows: Number of rows.
        names: Names of the columns.
        kinds: `"number"` or `"text"` of each column, by its type.
        undecided: Names of the columns that hold only nulls, whose kind is a guess.
        refused: Types of the columns that are neither numbers nor text.
    """

    rows: int
    names: tuple[str, ...]
    kinds: dict[str, str]
    undecided: frozenset[str]
    refused: dict[str, pa.DataType]

    @classmethod
    def open(cls, path: str) -> "ParquetTable":
        """Opens a file.

        Raises:
            InputError: This is not a Parquet file, it has no rows, or columns with the same name.
        """
        schema, rows = parquet.describe(path)
        check_names(path, schema.names)
        check_rows(path, rows)
        types = {field.name: _value_type(field.type) for field in schema}
        kinds = {name: "number" if _is_number(dtype) else "text" for name, dtype in types.items()}
        undecided = frozenset(name for name, dtype in types.items() if pa.types.is_null(dtype))
        refused = {name: types[name] for name in types if kinds[name] == "text" and not _is_text(types[name])}
        return cls(path, rows, tuple(schema.names), kinds, undecided, refused)

    def select(self, names: Collection[str]) -> "ParquetTable":
        """The file with some of its columns: no others are read from the disk."""
        kinds = {name: kind for name, kind in self.kinds.items() if name in names}
        return dataclasses.replace(self, names=tuple(kinds), kinds=kinds, undecided=self.undecided.intersection(names))

    def spans(self, rows: int) -> Iterator[Span]:
        return even_spans(self.rows, rows)

    def chunks(self, span: Span, size: int) -> Iterator[pa.RecordBatch]:
        columns = [name for name in self.names if name not in self.refused]
        return parquet.batches(self.path, span, size, columns)

    def columns(self, chunk: pa.RecordBatch, kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        found = {}
        for name, kind in kinds.items():
            place = Place(self.path, name, first_row)
            if name in self.refused:
                _refuse(place, self.refused[name])
            found[name] = _entries(place, chunk[name], kind)
        return found

    def schema(self, names: Sequence[str]) -> pa.Schema:
        """The types of some columns as they are stored."""
        whole, _ = parquet.describe(self.path)
        return pa.schema([whole.field(name) for name in names])

    def stored(self, span: Span, names: Sequence[str]) -> pa.Table:
        """Some columns of a span as they are stored, whatever they hold."""
        return pa.Table.from_batches(parquet.batches(self.path, span, span.rows, list(names))).select(list(names))


def _entries(place: Place, values: pa.Array, kind: str) -> np.ndarray:
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    if _is_text(values.type):
        texts = pc.fill_null(values, "")
        missing = pc.equal(texts, "").to_numpy(zero_copy_only=False)
        return entries.parsed(place, texts) if kind == "number" else entries.text(place, texts, missing)
    missing = values.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_decimal(values.type) or pa.types.is_null(values.type):
        values = pc.cast(values, pa.float64())
    values = pc.fill_null(values, pa.scalar(0).cast(values.type)).to_numpy(zero_copy_only=False)
    return (entries.numbers if kind == "number" else entries.text_of_numbers)(place, values, missing)


def _refuse(place: Place, dtype: pa.DataType) -> None:
    rule = f"Expected a column of numbers or text: write each number to its own column, or drop it: {place.dropped}."
    place.refuse_type(place.no_dates if pa.types.is_temporal(dtype) else rule, dtype)


def _value_type(dtype: pa.DataType) -> pa.DataType:
    return dtype.value_type if pa.types.is_dictionary(dtype) else dtype


def _is_number(dtype: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return any(is_kind(dtype) for is_kind in kinds)


def _is_text(dtype: pa.DataType) -> bool:
    return pa.types.is_string(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype)
