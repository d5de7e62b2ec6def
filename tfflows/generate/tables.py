"""Another table as events of a model: by the names of its columns, with the categories and the units of the model."""

from collections.abc import Iterator, Mapping

import numpy as np

from tfflows.datasets import Data
from tfflows.events import Event
from tfflows.sources.encoding import Encoder
from tfflows.sources.rows import Rows
from tfflows.sources.table import expand
from tfflows.splits import in_memory

CHUNK, MOST = 10_000, 100_000  # rows that are read at a time, and at most


def like(name: str, event: Event, label: str | None, delimiter: str) -> Data:
    """The first rows of a table, as all three splits.

    Args:
        name: Path of a file, a pattern, a folder, or several of these with commas between.
        event: A row of the table.
        label: Name of the column with the classes; None without classes.
        delimiter: Character between two fields of a .csv file.

    Raises:
        InputError: A column is missing, or a value is wrong.
    """
    parts, number = [], 0
    for part in _chunks(name, Encoder(event, label), delimiter):
        parts.append(part)
        number += len(part["x"])
        if number >= MOST:
            break
    rows = in_memory(**{key: np.concatenate([part[key] for part in parts])[:MOST] for key in parts[0]})
    return Data(name, event, rows, rows, rows)


def _chunks(name: str, encoder: Encoder, delimiter: str) -> Iterator[Mapping[str, np.ndarray]]:
    for path in expand(name):
        rows = Rows.open(path, encoder, delimiter)
        for span in rows.spans(CHUNK):
            first = span.first
            for chunk in rows.chunks(span, CHUNK):
                yield rows.decode(chunk, first)
                first += len(chunk)
