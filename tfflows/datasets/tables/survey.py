"""A pass over the training files of a table decides what its columns are and which rows are in which split."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from tfflows.columns import Column
from tfflows.datasets.options import Options
from tfflows.datasets.tables import schema, splitting
from tfflows.datasets.tables.roles import Roles, column_options
from tfflows.datasets.tables.splitting import BINS, PARTS, Cuts, RowHash
from tfflows.datasets.tables.statistics import ColumnStatistics, Sample
from tfflows.datasets.tables.table import Piece, Rows, Source, Table, pieces, read
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources.encoding import Encoder, check_values
from tfflows.sources.place import Place

BIN_OF_PLACE, BIN_OF_CONTENT = ("bin", "place"), ("bin", "content")  # keys of the sample that no column can have
DIFFERENT = 0.1  # share of different values from which on a column is continuous, though rows may be copies


@dataclasses.dataclass
class Survey:
    """One pass over all rows.

    Args:
        columns: What each column contains.
        hashes: The hash of a row by its place, and that by its content.
        sample: A sample of the training rows.
        rows: Number of training rows.
        held_out: Number of rows of the splits in files of their own.
    """

    columns: dict[str, ColumnStatistics]
    hashes: dict[bool, RowHash]
    sample: Sample = dataclasses.field(default_factory=Sample)
    rows: int = 0
    held_out: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.histograms = {by_content: np.zeros(BINS, np.int64) for by_content in self.hashes}

    def add(self, rows: Rows) -> None:
        """Adds some rows of the files from which validation and test are cut, unless they have files of their own."""
        for name, values in rows.columns.items():
            self.columns[name].add(values, rows.source.name, rows.numbers)
        bins = {how: hashed(rows.columns, rows.places) for how, hashed in self.hashes.items()}
        for how, found in bins.items():
            self.histograms[how] += np.bincount(found, minlength=BINS)
        self.rows += len(bins[False])
        self.sample.add({**rows.columns, BIN_OF_PLACE: bins[False], BIN_OF_CONTENT: bins[True]})


def survey(
    name: str,
    roles: Roles,
    kinds: Mapping[str, str],
    sources: Mapping[str, Sequence[Source]],
    options: Options,
    *,
    cut: Sequence[str] = PARTS[1:],
) -> Table:
    """Reads a table, and decides by the training files what its columns are, and which rows are in which split.

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
    rule = "Expected numbers in the column of the weights."
    check(roles.weight is None or kinds[roles.weight] == "number", rule, weight=roles.weight)
    wanted = {each: "text" if each == roles.label else kinds[each] for each in roles.names}
    hashes = {how: RowHash(options.split_seed, how, roles.weight) for how in (False, True)}
    found = Survey({each: ColumnStatistics() for each in wanted}, hashes)
    parts = {part: pieces(of_part) for part, of_part in sources.items()}
    for piece in parts["train"]:
        for rows in read(piece, wanted, roles.weight):
            found.add(rows)
    held_out = {part: of_part for part, of_part in parts.items() if part != "train"}
    found.held_out = {part: _add_held_out(found, of_part, wanted, roles.weight) for part, of_part in held_out.items()}
    size = splitting.held_out(found.rows, options.holdout)
    counts = [0 if part in held_out or part not in cut else size for part in PARTS[1:]]
    table = _decided(name, roles, wanted, found, parts["train"], held_out, counts, options)
    _check_held_out(table)
    return table


def _add_held_out(found: Survey, pieces: list[Piece], kinds: Mapping[str, str], weight: str | None) -> int:
    """Counts the rows of a validation or a test set, and their missing values."""
    number = 0
    for piece in pieces:
        for rows in read(piece, kinds, weight):
            number += len(rows.numbers)
            for column, values in rows.columns.items():
                found.columns[column].add_missing(values, rows.source.name, rows.numbers)
    return number


def _check_held_out(table: Table) -> None:
    """Raises `InputError` for a row of a validation or a test set whose likelihood would be 0, or that has a label or a
    category of the context that the training set lacks: before the training, whose scores would be infinite.
    """
    for piece in itertools.chain(*table.held_out.values()):
        for rows in read(piece, table.kinds, table.encoder.weight):
            x = table.encoder(rows.columns, rows.source.name, rows.numbers)["x"]
            for column, values in zip(table.event.columns, x.T, strict=True):
                place = Place(rows.source.name, column.name, rows.numbers)
                check_values(place, column.contains(values), rows.columns[column.name], _rule_of_support(column))


def _rule_of_support(column: Column) -> str:
    if column.kind == "categorical":
        return "Expected a category of the training set: drop the row, or add such a row to the training set."
    return f"Expected values inside of {column.support}, as in the training set: widen or remove --set=data.bounds."


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
    weighted = "" if roles.weight is None else " whose weight is not 0"
    check(found.rows >= least, f"Expected at least {least} rows of {name!r} to train on{weighted}.", rows=found.rows)
    sample = found.sample.columns()
    by_content = any(_is_continuous(found.columns[each], sample[each]) for each in roles.data)
    cuts = Cuts.of(found.histograms[by_content], *counts)
    sizes = cuts.sizes(found.histograms[by_content])
    sizes |= found.held_out
    rule = f"Expected {name!r} to have enough different rows for training, validation and test, or files for them."
    wanted = dict(zip(PARTS, [1, *counts], strict=True)) | dict.fromkeys(held_out, 1)
    check(all(size > 0 for part, size in sizes.items() if wanted[part]), rule, **sizes)
    is_train = cuts.part(sample[BIN_OF_CONTENT if by_content else BIN_OF_PLACE]) == 0
    sample = {each: values[is_train] for each, values in sample.items()}
    weight = 1.0 if roles.weight is None else float(np.mean(sample[roles.weight]))
    if by_content:  # copies of rows say nothing about the spread of a column, or whether it is rounded
        _, places = np.unique(sample[BIN_OF_CONTENT], return_index=True)
        sample = {each: values[places] for each, values in sample.items()}
    encoder = Encoder(_event(roles, found, sample, options), roles.label, roles.weight)
    return Table(name, encoder, kinds, train, held_out, cuts, found.hashes[by_content], sizes, weight)


def _is_continuous(found: ColumnStatistics, sample: np.ndarray) -> bool:
    """Whether rows that agree in this column are copies of each other: few values repeat by chance."""
    return sample.dtype != object and not found.whole and len(np.unique(sample)) > DIFFERENT * len(sample)


def _event(roles: Roles, found: Survey, sample: Mapping[str, np.ndarray], options: Options) -> Event:
    said = column_options(options, roles)

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
