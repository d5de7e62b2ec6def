"""A table that has been read once: what its columns are, and which rows are in which split."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfflows.columns import Column
from tfflows.datasets.options import Options
from tfflows.datasets.tables import schema, splitting
from tfflows.datasets.tables.roles import Roles, wishes
from tfflows.datasets.tables.splitting import BINS, PARTS, Cuts
from tfflows.datasets.tables.statistics import ColumnStatistics, Sample
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources.encoding import Encoder
from tfflows.sources.spans import Span

SPAN = 2**20  # rows that are read from one place of a file: as many as a row group of Parquet has by default
CHUNK = 2**14  # rows in memory at a time
MOST_HELD_OUT = 20_000  # rows of a validation or test split that is cut from the training files
DIFFERENT = 0.3  # share of different values from which on a column is continuous, though rows may be copies
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
    """Some rows as they are read: their columns, and where they are."""

    columns: dict[str, np.ndarray]
    source: Source
    first_row: int
    row: int


def pieces(sources: Sequence[Source]) -> list[Piece]:
    """All rows of several sources, in order."""
    found, row = [], 0
    for source in sources:
        for span in source.spans(SPAN):
            found.append(Piece(source, span, row))
            row += span.rows
    return found


def read(piece: Piece, kinds: Mapping[str, str]) -> Iterator[Rows]:
    """The rows of a piece, in parts.

    Raises:
        InputError: A value is wrong; the message names file, row and column.
    """
    done = 0
    for chunk in piece.source.chunks(piece.span, CHUNK):
        first = piece.span.first + done
        columns = piece.source.columns(chunk, kinds, first)
        yield Rows(columns, piece.source, first, piece.row + done)
        done += len(chunk)


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
        hash: Function from columns and the number of the first row to the bin of each row.
        sizes: Number of rows of each split.
        mean_weight: Mean of the weights; 1 without weights.
    """

    name: str
    encoder: Encoder
    kinds: dict[str, str]
    pieces: list[Piece]
    held_out: dict[str, list[Piece]]
    cuts: Cuts
    hash: Callable[[Mapping[str, np.ndarray], int], np.ndarray]
    sizes: dict[str, int]
    mean_weight: float

    @property
    def event(self) -> Event:
        """What one row is."""
        return self.encoder.event

    @property
    def bytes(self) -> int:
        """Size of all examples in memory."""
        return sum(self.sizes.values()) * 8 * (len(self.event.columns) + self.event.context + 1)

    def pieces_of(self, part: str) -> list[Piece]:
        """The pieces that hold the rows of a split."""
        return self.held_out.get(part, self.pieces)

    def examples(self, part: str, piece: Piece) -> Iterator[dict[str, np.ndarray]]:
        """The examples of a split in a piece."""
        for rows in read(piece, self.kinds):
            examples = self.encoder(rows.columns, rows.source.name, rows.first_row)
            if "sample_weight" in examples:
                examples["sample_weight"] /= np.float32(self.mean_weight)
            if part not in self.held_out:
                kept = self.cuts.part(self.hash(rows.columns, rows.row)) == PARTS.index(part)
                examples = {name: values[kept] for name, values in examples.items()}
            yield examples


@dataclasses.dataclass
class Survey:
    """One pass over all rows."""

    columns: dict[str, ColumnStatistics]
    seed: int
    sample: Sample = dataclasses.field(default_factory=Sample)
    rows: int = 0
    weight: float = 0.0
    histograms: dict[bool, np.ndarray] = dataclasses.field(
        default_factory=lambda: {by_content: np.zeros(BINS, np.int64) for by_content in (False, True)}
    )

    def hash(self, numbers: Mapping[str, np.ndarray], row: int, *, by_content: bool) -> np.ndarray:
        """The bin of each row."""
        present = {name: values for name, values in numbers.items() if values.dtype != object}
        return splitting.hashed(present or numbers, row, self.seed, by_content=by_content and bool(present))

    def add(self, rows: Rows, *, cut: bool) -> None:
        """Adds some rows; `cut` if validation and test are cut from them."""
        for name, values in rows.columns.items():
            self.columns[name].add(values, rows.source.name, rows.first_row)
        if not cut:
            return
        bins = {how: self.hash(rows.columns, rows.row, by_content=how) for how in self.histograms}
        for how, found in bins.items():
            self.histograms[how] += np.bincount(found, minlength=BINS)
        self.rows += len(bins[False])
        self.sample.add({**rows.columns, "_place": bins[False], "_content": bins[True]})


def survey(
    name: str,
    roles: Roles,
    kinds: Mapping[str, str],
    sources: Mapping[str, Sequence[Source]],
    options: Options,
    *,
    cut: Sequence[str] = PARTS[1:],
) -> Table:
    """Reads a table once, and decides what its columns are and which rows are in which split.

    Args:
        name: Name of the table.
        roles: The role of each column.
        kinds: How each column is read, `"number"` or `"text"`.
        sources: Where the rows are: `"train"`, and `"validation"` and `"test"` if they have sources of their own.
        options: The options of the table.
        cut: The splits that are cut from the training sources, unless they have sources of their own.

    Raises:
        InputError: A column or a row is wrong, or there are too few rows.
    """
    wanted = {each: "text" if each == roles.label else kinds[each] for each in roles.names}
    found = Survey({each: ColumnStatistics() for each in wanted}, options.split_seed)
    parts = {part: pieces(of_part) for part, of_part in sources.items()}
    for part, of_part in parts.items():
        for piece in of_part:
            for rows in read(piece, wanted):
                found.add(rows, cut=part == "train")
    held_out = {part: of_part for part, of_part in parts.items() if part != "train"}
    counts = [0 if part in held_out or part not in cut else _held_out(found.rows, options) for part in PARTS[1:]]
    return _decided(name, roles, wanted, found, parts["train"], held_out, counts, options)


def _decided(
    name: str,
    roles: Roles,
    kinds: dict[str, str],
    found: Survey,
    train: list[Piece],
    held_out: dict[str, list[Piece]],
    counts: list[int],
    options: Options,
) -> Table:
    least = 1 + sum(count > 0 for count in counts)
    check(found.rows >= least, f"Expected at least {least} rows of {name!r} to train on.", rows=found.rows)
    sample = found.sample.columns()
    by_content = any(_is_continuous(found.columns[each], sample[each]) for each in roles.data)
    cuts = Cuts.of(found.histograms[by_content], *counts)
    sizes = cuts.sizes(found.histograms[by_content])
    sizes |= {part: sum(piece.span.rows for piece in of_part) for part, of_part in held_out.items()}
    rule = f"Expected {name!r} to have enough different rows for training, validation and test, or files for them."
    wanted = dict(zip(PARTS, [1, *counts], strict=True))
    check(all(size > 0 for part, size in sizes.items() if wanted[part]), rule, **sizes)
    is_train = cuts.part(sample["_content" if by_content else "_place"]) == 0
    sample = {each: values[is_train] for each, values in sample.items()}
    weight = 1.0 if roles.weight is None else _mean_weight(roles.weight, sample[roles.weight])
    if by_content:  # copies of rows say nothing about the spread of a column, or whether it is rounded
        _, places = np.unique(sample["_content"], return_index=True)
        sample = {each: values[places] for each, values in sample.items()}
    encoder = Encoder(_event(roles, found, sample, options), roles.label, roles.weight)

    def hash_of(columns, row):
        return found.hash(columns, row, by_content=by_content)

    return Table(name, encoder, kinds, train, held_out, cuts, hash_of, sizes, weight)


def _is_continuous(found: ColumnStatistics, sample: np.ndarray) -> bool:
    """Whether rows that agree in this column are copies of each other: few values repeat by chance."""
    return sample.dtype != object and not found.whole and len(np.unique(sample)) > DIFFERENT * len(sample)


def _held_out(rows: int, options: Options) -> int:
    return min(max(1, round(options.holdout * rows)), MOST_HELD_OUT)


def _event(roles: Roles, found: Survey, sample: Mapping[str, np.ndarray], options: Options) -> Event:
    said = wishes(options, roles)

    def columns(names: Sequence[str], *, context: bool) -> tuple[Column, ...]:
        return tuple(schema.column(name, found.columns[name], sample[name], said, context=context) for name in names)

    labels = () if roles.label is None else schema.classes(roles.label, found.columns[roles.label])
    return Event(
        (len(roles.data),),
        classes=len(labels),
        context=len(roles.context),
        columns=columns(roles.data, context=False),
        context_columns=columns(roles.context, context=True),
        labels=labels,
    )


def _mean_weight(name: str, weights: np.ndarray) -> float:
    mean = float(np.mean(weights))
    sound = math.isfinite(mean) and mean > 0 and weights.min() >= 0
    check(sound, f"Expected weights of 0 or more in column {name!r}, not all 0.", smallest=float(weights.min()))
    return mean
