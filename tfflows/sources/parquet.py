"""Parquet files: a column for each entry of an event, or lists in a column `x`, nested or not; labels in `label`."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.sources import storage
from tfflows.sources.file import File
from tfflows.sources.spans import Span, even_spans

LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
BUFFER = 1 << 18  # bytes of a column that are read at a time, so that a large row group is streamed


@dataclasses.dataclass(frozen=True)
class Parquet(File):
    """A Parquet file; a part reads only the row groups that contain its rows.

    Args:
        path: Path of the file.
        rows: Number of rows.
        names: Names of the columns with entries.
        labeled: Whether the file has a column `label`.
        event_shape: Shape of a row.
    """

    rows: int
    names: tuple[str, ...]
    labeled: bool
    event_shape: tuple[int, ...]

    @classmethod
    def open(cls, path: str, event: Event) -> "Parquet":
        """Opens a file, which must have a column for each entry, or a column `x`.

        Raises:
            InputError: The columns are wrong, or this is not a Parquet file.
        """
        schema, rows = describe(path)
        lists = "x" in schema.names and pa.types.is_nested(schema.field("x").type)
        names = ("x",) if lists else tuple(name for name in schema.names if name != "label")
        rule = f"Expected {path!r} to have {event.size} columns, one for each entry, or a column `x` of lists."
        check(lists or len(names) == event.size, rule, columns=len(names))
        return cls(path, rows, names, "label" in schema.names, event.shape)

    def spans(self, rows: int) -> Iterator[Span]:
        return even_spans(self.rows, rows)

    def chunks(self, span: Span, size: int) -> Iterator[pa.RecordBatch]:
        return batches(self.path, span, size, [*self.names, "label"] if self.labeled else list(self.names))

    def decode(self, chunk: pa.RecordBatch, first_row: int = 0) -> dict[str, np.ndarray]:
        size = int(np.prod(self.event_shape)) // len(self.names)
        x = np.stack([_entries(chunk[name], size) for name in self.names], axis=1)
        label = {"label": _entries(chunk["label"], 1)[:, 0]} if self.labeled else {}
        return {"x": x.reshape(-1, *self.event_shape), **label}


def describe(path: str) -> tuple[pa.Schema, int]:
    """The schema and the number of rows.

    Raises:
        InputError: This is not a Parquet file.
    """
    with storage.open_to_read(path) as file:
        try:
            parquet = pq.ParquetFile(file)
        except pa.ArrowInvalid as error:
            reason = " ".join(str(error).split())
            raise InputError(f"Expected {path!r} to be a Parquet file. Received: {reason}.") from error
        return parquet.schema_arrow, parquet.metadata.num_rows


def batches(path: str, span: Span, size: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a span, from the row groups that contain it, at most `size` at a time.

    Raises:
        InputError: The file is damaged.
    """
    try:
        yield from _batches(path, span, size, columns)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"Expected {path!r} to be a complete Parquet file. Received: {reason}") from error


def _batches(path: str, span: Span, size: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with storage.open_to_read(path) as file:
        parquet = pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False)
        groups, row = _groups(parquet.metadata, span)
        for batch in parquet.iter_batches(size, row_groups=groups, columns=columns, use_threads=False):
            low, high = max(span.first - row, 0), min(span.first + span.rows - row, len(batch))
            if low < high:
                yield batch.slice(low, high - low)
            row += len(batch)
            if row >= span.first + span.rows:
                return


def _groups(metadata: pq.FileMetaData, span: Span) -> tuple[list[int], int]:
    """The row groups that contain `span`, and the number of the first row of the first of them."""
    ends = np.cumsum([metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)])
    first = int(np.searchsorted(ends, span.first, side="right"))
    last = int(np.searchsorted(ends, span.first + span.rows, side="left"))
    return list(range(first, last + 1)), int(ends[first - 1]) if first else 0


def _entries(column: pa.Array, size: int) -> np.ndarray:
    """`[rows, size]` of numbers, or of lists of `size` numbers, nested or not."""
    rows, row_of = len(column), np.arange(len(column))
    while any(is_list(column.type) for is_list in LISTS):
        row_of = row_of[pc.list_parent_indices(column).to_numpy()]
        column = pc.list_flatten(column)
    numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)
    counts = np.bincount(row_of, minlength=rows)
    rule = f"Expected {size} numbers and no null in each row."
    check(numbers, rule, type=str(column.type))
    check(
        column.null_count == 0 and bool(np.all(counts == size)),
        rule,
        numbers=counts[:1].tolist(),
        nulls=column.null_count,
    )
    return column.to_numpy(zero_copy_only=False).reshape(rows, size)
