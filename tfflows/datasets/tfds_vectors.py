"""Datasets of vectors from TFDS builders, such as `power` and `gas`."""

import functools

import tensorflow as tf
import tensorflow_datasets as tfds

from tfflows.datasets import tfds_builders
from tfflows.datasets.benchmark_builders import BUILDERS
from tfflows.datasets.data import Data
from tfflows.datasets.options import IMAGES, Options
from tfflows.events import Event
from tfflows.splits import Split, permuted

NAMES = tuple(BUILDERS)


def event(name: str, options: Options) -> Event:
    """A vector of real numbers; reads no data."""
    options.reject(name, *IMAGES)
    return Event((BUILDERS[name].SIZE,))


def load(name: str, options: Options) -> Data:
    """The paper's three splits; the dataset is downloaded first if it is not on disk.

    Raises:
        InputError: An option is not supported, or the data can neither be found nor downloaded.
    """
    kind = event(name, options)
    builder = tfds_builders.make(name, options.data_dir)
    tfds_builders.prepare(builder)
    return Data(name, kind, *(_split(builder, split) for split in ("train", "validation", "test")))


def _split(builder: tfds.core.DatasetBuilder, split: str) -> Split:
    """The split, held in memory: the largest, of BSDS300, takes 252 MB."""
    with tfds_builders.quiet():
        rows = builder.as_dataset(split=split, shuffle_files=False, batch_size=-1)
    examples = tf.data.Dataset.from_tensor_slices(rows)
    return Split(examples, builder.info.splits[split].num_examples, shuffled=functools.partial(permuted, rows))
