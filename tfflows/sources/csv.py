""".csv files: a column for each entry of an event, in row-major order; an optional header may name a column `label`."""

import dataclasses
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.sources import records, storage
from tfflows.sources.entries import MISSING
from tfflows.sources.file import File
from tfflows.sources.spans import Span


@dataclasses.dataclass(frozen=True)
class Csv(File):
    """A text file with a line for each row.

    Args:
        path: Path of the file.
        columns: Number of columns.
        label: Number of the column with the label, from 0; None without labels.
        start: Offset of the first byte of the first row.
        event_shape: Shape of a row without its label.
    """

    columns: int
    label: int | None
    start: int
    event_shape: tuple[int, ...]

    @classmethod
    def open(cls, path: str, event: Event) -> "Csv":
        """Opens a file, which must have a column for each entry.

        Raises:
            InputError: The number of columns is wrong, or it is not clear whether the file has a header.
        """
        with storage.open_to_read(path) as file:
            line = file.readline()
        fields = [field.strip().strip('"') for field in line.decode("utf-8-sig", "replace").split(",")]
        # A missing value does not make a row a header: the row must be refused, not skipped.
        header = bool(line) and not all(_is_number(field) or field in MISSING for field in fields)
        label = fields.index("label") if "label" in fields else None
        rule = f"Expected {path!r} to have {event.size} columns, one for each entry, and possibly `label`, in a header."
        check(not line or len(fields) - (label is not None) == event.size, rule, columns=len(fields))
        # pandas numbers columns without names, and such a header looks like a row.
        rule = f"Expected {path!r} to start with a row, or with a header of names: a header 0,1,2,... looks like a row."
        check(len(fields) == 1 or fields != list(map(str, range(len(fields)))), rule, line=line[: records.SHOWN])
        return cls(path, len(fields), label, len(line) if header else 0, event.shape)

    def spans(self, rows: int) -> Iterator[Span]:
        return records.spans(self.path, self.start, rows)

    def chunks(self, span: Span, size: int) -> Iterator[list[bytes]]:
        return records.chunks(self.path, span, size)

    def decode(self, chunk: list[bytes], first_row: int = 0) -> dict[str, np.ndarray]:
        values = [column.to_numpy() for column in self._table(b"".join(chunk)).columns]
        label = {} if self.label is None else {"label": values.pop(self.label)}
        return {"x": np.stack(values, axis=1).reshape(-1, *self.event_shape), **label}

    def _table(self, text: bytes) -> pa.Table:
        names = [str(index) for index in range(self.columns)]
        try:
            return pa.csv.read_csv(
                io.BytesIO(text),
                # In one block: a line must not be longer than two.
                read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
                parse_options=pa.csv.ParseOptions(ignore_empty_lines=False, newlines_in_values=True),
                convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64()), null_values=[]),
            )
        except pa.ArrowInvalid as error:
            line = text.splitlines()[0].decode("utf-8", "replace")[: records.SHOWN]
            raise InputError(f"Expected {self.columns} numbers, separated by commas. Received: {line!r}.") from error


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
