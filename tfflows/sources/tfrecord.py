"""TFRecord files of `tf.train.Example`: `x` as integers, floats or the raw bytes of an event; labels in `label`."""

import dataclasses
import itertools
import struct
import tempfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.sources import storage
from tfflows.sources.file import File
from tfflows.sources.spans import Span

# A record is its length (8 bytes), a checksum of that (4), the data, and a checksum of them (4).
HEAD, TAIL = 12, 4
KINDS = {"int64_list": tf.int64, "float_list": tf.float32, "bytes_list": tf.string}


@dataclasses.dataclass(frozen=True)
class Records(File):
    """An uncompressed file of records."""

    def spans(self, rows: int) -> Iterator[Span]:
        first = start = 0
        with storage.open_to_read(self.path) as file:
            while lengths := list(itertools.islice(_lengths(self.path, file), rows)):
                yield Span(first, len(lengths), start, start + sum(lengths))
                first, start = first + len(lengths), start + sum(lengths)

    def chunks(self, span: Span, size: int) -> Iterator[np.ndarray]:
        # TensorFlow reads a file of records from its start and checks the sums, so a part is copied to a file.
        with storage.open_to_read(self.path) as file, tempfile.NamedTemporaryFile() as copy:
            file.seek(span.start)
            copy.write(file.read(span.stop - span.start))
            copy.flush()
            try:
                yield from tf.data.TFRecordDataset(copy.name).batch(size).as_numpy_iterator()
            except tf.errors.DataLossError as error:
                raise InputError(f"Expected {self.path!r} to be complete. Received: {error.message}.") from error


@dataclasses.dataclass(frozen=True)
class TfRecord(Records):
    """An uncompressed file of examples.

    Args:
        path: Path of the file.
        kind: Kind of the feature `x`: `int64_list`, `float_list` or `bytes_list`.
        labeled: Whether the examples have a feature `label`.
        event: Event that each row is.
    """

    kind: str
    labeled: bool
    event: Event

    @classmethod
    def open(cls, path: str, event: Event) -> "TfRecord":
        """Opens a file, whose first example decides the kinds of features.

        Raises:
            InputError: The first record is incomplete, or not an example with a feature `x`.
        """
        features = first_features(path)
        if features is None:
            return cls(path, "float_list", False, event)
        check("x" in features, f"Expected the examples of {path!r} to have a feature `x`.", features=sorted(features))
        return cls(path, features["x"].WhichOneof("kind") or "float_list", "label" in features, event)

    def decode(self, chunk: np.ndarray, first_row: int = 0) -> dict[str, np.ndarray]:
        raw = self.kind == "bytes_list"
        x = tf.io.FixedLenFeature([] if raw else [self.event.size], KINDS[self.kind])
        features = {"x": x, **({"label": tf.io.FixedLenFeature([], tf.int64)} if self.labeled else {})}
        try:
            example = tf.io.parse_example(chunk, features)
            x = tf.io.decode_raw(example["x"], self.event.dtype) if raw else example["x"]
            example["x"] = tf.reshape(x, [len(chunk), *self.event.shape])
        except tf.errors.InvalidArgumentError as error:
            rule = f"Expected `x` to hold {self.event.size} values of {self.kind} and `label`, if any, one integer."
            raise InputError(f"{rule} Received: {error.message.splitlines()[0]}") from error
        return {name: feature.numpy() for name, feature in example.items()}


def first_features(path: str) -> Mapping[str, tf.train.Feature] | None:
    """The features of the first example, or None if there is none.

    Raises:
        InputError: The first record is incomplete, or not an example.
    """
    with storage.open_to_read(path) as file:
        length = next(_lengths(path, file), None)
        if length is None:
            return None
        file.seek(HEAD)
        return _features(path, file.read(length - HEAD - TAIL))


def _lengths(path: str, file: BinaryIO) -> Iterator[int]:
    """Number of bytes of each record, from its head alone."""
    position, end = file.tell(), storage.stat(path)["bytes"]
    while head := file.read(HEAD):
        length = HEAD + struct.unpack("<Q", head[:8])[0] + TAIL if len(head) == HEAD else HEAD
        position += length
        check(position <= end, f"Expected {path!r} to hold complete, uncompressed records.", bytes=end, needed=position)
        file.seek(position)
        yield length


def _features(path: str, record: bytes) -> Mapping[str, tf.train.Feature]:
    try:
        return tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise InputError(f"Expected {path!r} to hold records of tf.train.Example. Received: {error}.") from error
