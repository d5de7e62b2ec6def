"""A split in memory: the events of a split as arrays."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfflows import datasets
from tfflows.splits import in_memory


def test_arrays_are_the_events_in_order():
    x, label = np.random.default_rng(0).normal(size=(10, 2)), np.arange(10, dtype=np.int32)
    split = in_memory(x=x, label=label)
    for n, rows in {None: 10, 4: 4, 50: 10}.items():
        found = split.arrays(n)
        np.testing.assert_array_equal(found["x"], x[:rows])
        np.testing.assert_array_equal(found["label"], label[:rows])


def test_a_key_is_a_random_order_of_files_that_it_determines():
    train = datasets.from_arrays(np.random.default_rng(0).normal(size=(200, 2)), holdout=0.05).train
    in_order, one, again, other = (train.arrays(50, key=key)["x"] for key in (None, 1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, in_order)
    assert {tuple(row) for row in one} <= {tuple(row) for row in train.arrays()["x"]}


def test_arrays_are_augmented_with_one_seed():
    split = in_memory(x=np.zeros((6, 2), np.float32))
    noisy = dataclasses.replace(split, augment=lambda row, seed: {"x": row["x"] + tf.cast(seed[1], tf.float32)})
    np.testing.assert_array_equal(noisy.arrays(4)["x"], np.repeat(np.arange(4.0)[:, None], 2, axis=1))
