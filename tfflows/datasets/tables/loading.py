"""Tables as datasets: files by their path, and arrays and DataFrames in memory."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tables import roles, streaming
from tfflows.datasets.tables.survey import survey
from tfflows.datasets.tables.table import Examples, Source, Table
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources import table as files
from tfflows.splits import Split, permuted

CACHE_BYTES = 2**27  # of a table that is kept in memory
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
    rule = f"Expected no column of row numbers (an index) among the data: drop it with --set=data.drop={index!r}."
    check(index is None or index not in chosen.data or options.columns is not None, rule, column=index)
    unused = {each for file in everything for each in file.names} - set(chosen.names)
    kinds = files.check_same(everything, drop={*dropped, *unused})
    selected = {part: [files.select(file, chosen.names) for file in of_part] for part, of_part in opened.items()}
    return survey(name, chosen, kinds, selected, options)


def data_of(table: Table, options: Options) -> Data:
    """The splits of a table, in memory if it is small, else read from the files in each pass.

    Validation and test sets of a large table are usually small, and kept: a pass over them would read the whole table.
    """

    def is_kept(part: str) -> bool:
        size = table.bytes(*table.sizes) if part == "train" else table.bytes(part)
        return size <= CACHE_BYTES if options.cache is None else options.cache

    parts = [part for part, size in table.sizes.items() if size]
    splits = _in_memory(table, [part for part in parts if is_kept(part)])
    splits |= {part: streaming.split(table, part) for part in parts if not is_kept(part)}
    return Data(
        table.name, table.event, splits["train"], splits["validation"], splits.get("test", splits["validation"])
    )


def _in_memory(table: Table, parts: Sequence[str]) -> dict[str, Split]:
    """Some splits, read in one pass."""
    cut = [part for part in parts if part not in table.held_out]
    groups = [[part] for part in parts if part in table.held_out] + ([cut] if cut else [])
    found = {}
    for group in groups:
        chunks = [chunk for piece in table.pieces_of(group[0]) for chunk in table.examples_of(group, piece)]
        found |= {part: _of_chunks([chunk[part] for chunk in chunks]) for part in group}
    return found


def _of_chunks(chunks: Sequence[Examples]) -> Split:
    with tf.device("CPU"):  # tensors, since an array would become a constant of the graph, which has an upper size
        arrays = {name: tf.constant(np.concatenate([chunk[name] for chunk in chunks])) for name in chunks[0]}
    # Files are often sorted, by a class or by time, and the buffer of the pipeline does not hold a large table.
    shuffled = functools.partial(permuted, arrays)
    return Split(tf.data.Dataset.from_tensor_slices(arrays), len(arrays["x"]), shuffled=shuffled)
