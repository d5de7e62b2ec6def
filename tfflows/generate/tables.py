"""Another table as events of a model: by the names of its columns, with the categories and the units of the model."""

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from tfflows.datasets import Data
from tfflows.events import Event
from tfflows.sources.encoding import Encoder
from tfflows.sources.rows import Rows
from tfflows.sources.table import expand
from tfflows.splits import in_memory

CHUNK, MOST = 10_000, 100_000  # rows that are read at a time, and at most


def like(name: str, event: Event, delimiter: str) -> Data:
    """The first rows of a table, as all three splits.

    Raises:
        InputError: A column is missing, or a value is wrong.
    """
    parts = list(itertools.islice(_chunks(name, event, delimiter), MOST // CHUNK))
    rows = in_memory(**{key: np.concatenate([part[key] for part in parts]) for key in parts[0]})
    return Data(name, event, rows, rows, rows)


def _chunks(name: str, event: Event, delimiter: str) -> Iterator[Mapping[str, np.ndarray]]:
    encoder = Encoder(event)
    for path in expand(name):
        rows = Rows.open(path, encoder, delimiter)
        for span in rows.spans(CHUNK):
            for chunk in rows.chunks(span, CHUNK):
                yield rows.decode(chunk, span.first)
