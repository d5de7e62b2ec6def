"""A table that has been read once: what its columns are, and which rows are in which split."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfflows.datasets.tables.splitting import PARTS, Cuts, RowHash
from tfflows.events import Event
from tfflows.sources.encoding import Encoder, check_weights
from tfflows.sources.place import Place
from tfflows.sources.spans import Span

SPAN = 2**20  # rows that are read from one place of a file: as many as a row group of Parquet has by default
CHUNK = 2**14  # rows in memory at a time
CHUNK_VALUES = 2**21  # numbers in memory at a time: fewer rows of a table with many columns
Examples = dict[str, np.ndarray]
Source = Any  # a `tfflows.sources.table.TableFile`, or a `Frame`


@dataclasses.dataclass(frozen=True)
class Piece:
    """A range of rows of one source.

    Args:
        source: The source.
        span: The range.
        row: Number of its first row in the whole table.
    """

    source: Source
    span: Span
    row: int


@dataclasses.dataclass(frozen=True)
class Rows:
    """Some rows as they are read: their columns, and where they are.

    Args:
        columns: The columns by name, each `[rows]`.
        source: The source.
        numbers: Number of each row in the source, `[rows]`.
        places: Number of each row in the whole table, `[rows]`.
    """

    columns: dict[str, np.ndarray]
    source: Source
    numbers: np.ndarray
    places: np.ndarray


def pieces(sources: Sequence[Source], span_rows: int = SPAN) -> list[Piece]:
    """All rows of several sources, in order."""
    found, row = [], 0
    for source in sources:
        for span in source.spans(span_rows):
            found.append(Piece(source, span, row))
            row += span.rows
    return found


def read(piece: Piece, kinds: Mapping[str, str], weight: str | None, *, chunk: int = CHUNK) -> Iterator[Rows]:
    """The rows of a piece, in parts, without those whose weight is 0: they say nothing about the columns either.

    Args:
        piece: The piece.
        kinds: How each column is read, `"number"` or `"text"`.
        weight: Name of the column with the weights; None without weights.
        chunk: Number of rows that are read at a time.

    Raises:
        InputError: A value is wrong; the message names file, row and column.
    """
    done = 0
    size = max(1, min(chunk, CHUNK_VALUES // len(kinds)))
    for stored in piece.source.chunks(piece.span, size):
        first = piece.span.first + done
        columns = piece.source.columns(stored, kinds, first)
        if weight is not None:
            check_weights(Place(piece.source.name, weight, first), columns[weight])
        kept = np.arange(len(stored)) if weight is None else np.flatnonzero(columns[weight] != 0)
        columns = columns if len(kept) == len(stored) else {name: values[kept] for name, values in columns.items()}
        yield Rows(columns, piece.source, first + kept, piece.row + done + kept)
        done += len(stored)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table, read once.

    Args:
        name: Name of the table.
        encoder: The event, and how rows become examples of it.
        kinds: How each column is read, `"number"` or `"text"`.
        pieces: The rows from which train, validation and test are cut.
        held_out: The pieces of a validation or a test set in files of its own, by the name of the split.
        cuts: Where the splits are cut.
        hash: The hash of rows that decides their split.
        sizes: Number of rows of each split.
        mean_weight: Mean of the weights; 1 without weights.
    """

    name: str
    encoder: Encoder
    kinds: dict[str, str]
    pieces: list[Piece]
    held_out: dict[str, list[Piece]]
    cuts: Cuts
    hash: RowHash
    sizes: dict[str, int]
    mean_weight: float

    @property
    def event(self) -> Event:
        """What one row is."""
        return self.encoder.event

    def bytes(self, *parts: str) -> int:
        """Size of some splits in memory."""
        return sum(self.sizes[part] for part in parts) * 8 * (len(self.event.columns) + self.event.context + 1)

    def pieces_of(self, part: str) -> list[Piece]:
        """The pieces that hold the rows of a split."""
        return self.held_out.get(part, self.pieces)

    def examples(self, part: str, piece: Piece, *, chunk: int = CHUNK) -> Iterator[Examples]:
        """The examples of a split in a piece, from `chunk` rows at a time."""
        return (found[part] for found in self.examples_of([part], piece, chunk=chunk))

    def examples_of(self, parts: Sequence[str], piece: Piece, *, chunk: int = CHUNK) -> Iterator[dict[str, Examples]]:
        """The same of several splits that are cut from the same files, by the name of the split."""
        for rows in read(piece, self.kinds, self.encoder.weight, chunk=chunk):
            examples = self.encoder(rows.columns, rows.source.name, rows.numbers)
            if "sample_weight" in examples:
                examples["sample_weight"] /= np.float32(self.mean_weight)
            if parts[0] in self.held_out:
                yield {parts[0]: examples}
                continue
            places = self.cuts.part(self.hash(rows.columns, rows.places))
            kept = {part: places == PARTS.index(part) for part in parts}
            yield {part: {name: values[kept[part]] for name, values in examples.items()} for part in parts}
