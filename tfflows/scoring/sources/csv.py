""".csv files: a column for each entry of an event, in row-major order; a header if need be, and `label` in it."""

import dataclasses
import io
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.scoring import storage
from tfflows.scoring.parts import Span

SHOWN = 80  # characters of a line that an error quotes


@dataclasses.dataclass(frozen=True)
class Csv:
    """A text file with a line for each row.

    Args:
        path: Of the file.
        names: Of the columns.
        start: The byte at which the first row starts.
        event_shape: The shape of a row without its label.
    """

    path: str
    names: tuple[str, ...]
    start: int
    event_shape: tuple[int, ...]

    @classmethod
    def of(cls, path: str, event: Event) -> "Csv":
        """The file, which must have a column for each entry.

        Raises:
            InputError: It has another number of columns.
        """
        with storage.opened(path) as file:
            line = file.readline()
        fields = tuple(field.strip().strip('"') for field in line.decode("utf-8-sig", "replace").split(","))
        header = bool(line) and not all(map(_is_number, fields))
        names = fields if header else tuple(f"x{index}" for index in range(len(fields)))
        entries = sum(name != "label" for name in names)
        rule = f"Expected {path!r} to have {event.size} columns, one for each entry, and `label` in a header if at all."
        check(not line or entries == event.size, rule, columns=len(names))
        return cls(path, names, len(line) if header else 0, event.shape)

    @property
    def name(self) -> str:
        return self.path

    def identity(self) -> dict[str, Any]:
        return storage.stated(self.path)

    def spans(self, rows: int) -> Iterator[Span]:
        first, start = 0, self.start
        with storage.opened(self.path) as file:
            file.seek(start)
            while lengths := [len(line) for line in itertools.islice(file, rows)]:
                yield Span(first, len(lengths), start, start + sum(lengths))
                first, start = first + len(lengths), start + sum(lengths)

    def chunks(self, span: Span, size: int) -> Iterator[list[bytes]]:
        with storage.opened(self.path) as file:
            file.seek(span.start)
            while lines := list(itertools.islice(file, min(size, span.rows))):
                yield lines
                span = dataclasses.replace(span, rows=span.rows - len(lines))

    def decode(self, chunk: list[bytes]) -> dict[str, np.ndarray]:
        table = self._table(b"".join(chunk))
        x = np.stack([table[name].to_numpy() for name in self.names if name != "label"], axis=1)
        label = {"label": table["label"].to_numpy()} if "label" in self.names else {}
        return {"x": x.reshape(-1, *self.event_shape), **label}

    def _table(self, text: bytes) -> pa.Table:
        try:
            return pa.csv.read_csv(
                io.BytesIO(text),
                read_options=pa.csv.ReadOptions(column_names=self.names, use_threads=False),
                parse_options=pa.csv.ParseOptions(ignore_empty_lines=False),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.float64()), null_values=[]
                ),
            )
        except pa.ArrowInvalid as error:
            line = text.splitlines()[0].decode("utf-8", "replace")[:SHOWN]
            raise InputError(f"Expected {len(self.names)} numbers, separated by commas. Received: {line!r}.") from error


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
