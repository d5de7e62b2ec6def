"""Tables as datasets: files by their path, and arrays and DataFrames in memory."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tables import roles
from tfflows.datasets.tables.survey import survey
from tfflows.datasets.tables.table import Piece, Source, Table
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources import table as files
from tfflows.splits import Split, in_memory

CACHE_BYTES = 2**27  # of a table that is kept in memory
OPEN = 4  # pieces of which a shuffled pass reads at the same time
HELD_OUT = ("validation", "test")


def is_path(name: str) -> bool:
    """Whether a name is a path, a pattern or a list of files, rather than the name of a dataset."""
    first = name.split(",")[0]
    return bool(re.search(r"\.[a-z]+(-\d+-of-\d+)?$|[*?]|^[~./]|://", first, re.IGNORECASE)) or tf.io.gfile.isdir(first)


def event(name: str, options: Options) -> Event:
    """The event of a table; reads all of its rows, once."""
    return open_files(name, options).event


def load(name: str, options: Options) -> Data:
    """The three splits of a table in files."""
    return data_of(open_files(name, options), options)


def open_files(name: str, options: Options) -> Table:
    """A table in files, read once; the last one is remembered, as long as its files do not change.

    Raises:
        InputError: A file, a column or a row is wrong.
    """
    paths = {"train": name} | {part: getattr(options, part) for part in HELD_OUT if getattr(options, part)}
    opened = {
        part: [files.open_table(file, delimiter=options.delimiter) for file in files.expand(path)]
        for part, path in paths.items()
    }
    state = repr([file.identity() for of_part in opened.values() for file in of_part])
    return _remembered(name, options, state, lambda: _survey_of_files(name, opened, options))


_last: dict[tuple, Table] = {}


def _remembered(name: str, options: Options, state: str, make: Any) -> Table:
    key = (name, options, state)
    if key not in _last:
        table = make()
        _last.clear()
        _last[key] = table
    return _last[key]


def _survey_of_files(name: str, opened: Mapping[str, list[Source]], options: Options) -> Table:
    everything = [file for of_part in opened.values() for file in of_part]
    dropped = roles.names_in(options.drop)
    chosen = roles.roles(name, everything[0].names, options)
    index = files.index_column(everything[0])
    rule = f"Expected no column with the numbers of the rows among the data: drop it: --set=data.drop={index!r}."
    check(index is None or index not in chosen.data or options.columns is not None, rule, column=index)
    unused = {each for file in everything for each in file.names} - set(chosen.names)
    kinds = files.check_same(everything, drop={*dropped, *unused})
    selected = {part: [files.select(file, chosen.names) for file in of_part] for part, of_part in opened.items()}
    return survey(name, chosen, kinds, selected, options)


def data_of(table: Table, options: Options) -> Data:
    """The splits of a table, in memory if it is small, else read from the files in each pass."""
    keep = table.bytes <= CACHE_BYTES if options.cache is None else options.cache
    make = _in_memory if keep else _streamed
    splits = {part: make(table, part) for part, size in table.sizes.items() if size}
    return Data(
        table.name, table.event, splits["train"], splits["validation"], splits.get("test", splits["validation"])
    )


def _in_memory(table: Table, part: str) -> Split:
    parts = [examples for piece in table.pieces_of(part) for examples in table.examples(part, piece)]
    return in_memory(**{name: np.concatenate([each[name] for each in parts]) for name in parts[0]})


def _streamed(table: Table, part: str) -> Split:
    def in_order():
        return _chained(table, part, table.pieces_of(part))

    def shuffled(key):
        return _shuffled(table, part, np.random.RandomState(np.asarray(key, np.int64) % 2**32))

    spec = _spec(table)
    examples = tf.data.Dataset.from_generator(in_order, output_signature=spec)
    return Split(
        examples.unbatch(),
        table.sizes[part],
        shuffled=lambda key: tf.data.Dataset.from_generator(shuffled, output_signature=spec, args=(key,)).unbatch(),
    )


def _shuffled(table: Table, part: str, random: np.random.RandomState) -> Iterator[dict[str, np.ndarray]]:
    """The examples in random order, as far as memory allows: chunks of several random places of the files are mixed."""
    waiting: list[Piece] = table.pieces_of(part)
    waiting = [waiting[place] for place in random.permutation(len(waiting))]
    reading = [_chained(table, part, waiting[start::OPEN]) for start in range(min(OPEN, len(waiting)))]
    while chunks := [chunk for chunk in (next(each, None) for each in reading) if chunk is not None]:
        order = random.permutation(sum(len(chunk["x"]) for chunk in chunks))
        yield {name: np.concatenate([chunk[name] for chunk in chunks])[order] for name in chunks[0]}


def _chained(table: Table, part: str, pieces: Sequence[Piece]) -> Iterator[dict[str, np.ndarray]]:
    return itertools.chain.from_iterable(table.examples(part, piece) for piece in pieces)


def _spec(table: Table) -> dict[str, tf.TensorSpec]:
    event, encoder = table.event, table.encoder
    spec = {"x": tf.TensorSpec([None, *event.shape], tf.float64)}
    spec |= {"context": tf.TensorSpec([None, event.context], tf.float64)} if event.context else {}
    spec |= {} if encoder.label is None else {"label": tf.TensorSpec([None], tf.int32)}
    return spec | ({} if encoder.weight is None else {"sample_weight": tf.TensorSpec([None], tf.float32)})
