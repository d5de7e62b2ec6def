"""Splits of a table that are read from its files in each pass."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tfflows.datasets.tables.table import CHUNK, SPAN, Examples, Piece, Table, pieces
from tfflows.splits import Split

PLACES = 32  # pieces of a table for a shuffled pass; more would read the same row groups of Parquet too often
OPEN = 8  # pieces that are read at the same time


def split(table: Table, part: str) -> Split:
    """A split that is read from the files."""
    spec = _spec(table)

    def in_order():
        return _examples(table, part, table.pieces_of(part), CHUNK)

    def in_random_order(key):
        return _shuffled(table, part, np.random.RandomState(np.asarray(key, np.int64) % 2**32))

    def shuffled(key):
        return tf.data.Dataset.from_generator(in_random_order, output_signature=spec, args=(key,)).unbatch()

    examples = tf.data.Dataset.from_generator(in_order, output_signature=spec).unbatch()
    return Split(examples, table.sizes[part], shuffled=shuffled)


def _shuffled(table: Table, part: str, random: np.random.RandomState) -> Iterator[Examples]:
    """The examples in random order, as far as memory allows: chunks of several places of the files are mixed."""
    places = scattered(table.pieces_of(part))
    order = random.permutation(len(places))
    readers = [[places[place] for place in order[start::OPEN]] for start in range(min(OPEN, len(places)))]
    reading = [_examples(table, part, of_reader, CHUNK // 2) for of_reader in readers]
    while chunks := [chunk for chunk in (next(each, None) for each in reading) if chunk is not None]:
        order = random.permutation(sum(len(chunk["x"]) for chunk in chunks))
        yield {name: np.concatenate([chunk[name] for chunk in chunks])[order] for name in chunks[0]}


def scattered(whole: Sequence[Piece]) -> list[Piece]:
    """The same rows in at least PLACES pieces, unless these were too small."""
    rows = sum(piece.span.rows for piece in whole)
    sources = [piece.source for piece in whole if piece.span.first == 0]
    return pieces(sources, min(max(rows // PLACES, CHUNK // 2), SPAN))


def _examples(table: Table, part: str, some: Sequence[Piece], chunk: int) -> Iterator[Examples]:
    return itertools.chain.from_iterable(table.examples(part, piece, chunk=chunk) for piece in some)


def _spec(table: Table) -> dict[str, tf.TensorSpec]:
    event, encoder = table.event, table.encoder
    spec = {"x": tf.TensorSpec([None, *event.shape], tf.float64)}
    spec |= {"context": tf.TensorSpec([None, event.context], tf.float64)} if event.context else {}
    spec |= {} if encoder.label is None else {"label": tf.TensorSpec([None], tf.int32)}
    return spec | ({} if encoder.weight is None else {"sample_weight": tf.TensorSpec([None], tf.float32)})
