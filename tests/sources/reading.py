"""Ways to write and read small tables."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tfflows.errors import InputError
from tfflows.sources import open_table


def columns(path, kinds=None, *, span=4, size=3, **settings):
    """Columns of a whole file, read in small spans and chunks."""
    file = open_table(str(path), **settings)
    kinds = kinds or file.kinds
    parts = []
    for some in file.spans(span):
        row = some.first
        for chunk in file.chunks(some, size):
            parts.append(file.columns(chunk, kinds, row))
            row += len(chunk)
        assert row == some.first + some.rows
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in kinds}


def refused(function, *arguments, **settings) -> str:
    """The one line of the error that a function raises."""
    with pytest.raises(InputError) as raised:
        function(*arguments, **settings)
    assert "\n" not in str(raised.value)
    assert "Received: " in str(raised.value)
    return str(raised.value)


def write(path: Path, content) -> str:
    """Writes a table: text or bytes as they are, an array, a dict of arrays or a pyarrow table by the ending."""
    if path.suffix == ".npy":
        np.save(path, content, allow_pickle=True)
    elif path.suffix == ".npz":
        np.savez(path, **content)
    elif path.suffix == ".tfrecord":
        write_examples(path, content)
    elif path.suffix == ".parquet":
        pq.write_table(content, path, row_group_size=5)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def write_examples(path, examples):
    """Writes dicts of lists of floats, integers or bytes."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            features = tf.train.Features(feature={name: feature(values) for name, values in example.items()})
            writer.write(tf.train.Example(features=features).SerializeToString())


def feature(values):
    if values and isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if values and isinstance(values[0], int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))
