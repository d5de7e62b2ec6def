"""Dropout: the noise of a row is its own, the mean stays, and evaluation has none."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.errors import InputError
from tfflows.networks.dropout import drop


def test_kept_entries_make_up_for_the_dropped():
    x = tf.ones([8, 5000])
    seeds = tf.random.stateless_uniform([8, 2], [0, 1], maxval=1000, dtype=tf.int32)
    dropped = drop(x, 0.2, training=True, seeds=seeds).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 1.25])
    np.testing.assert_allclose(dropped.mean(), 1, atol=0.02)
    assert not np.array_equal(dropped[0], dropped[1])


def test_noise_of_a_row_does_not_depend_on_the_others():
    seeds = tf.constant([[1, 2], [3, 4]])
    x = tf.random.stateless_normal([2, 3, 4], [0, 1])
    together, alone = (drop(x[i:], 0.5, training=True, seeds=seeds[i:]) for i in (0, 1))
    np.testing.assert_array_equal(together[1:], alone)


def test_evaluation_has_none():
    x = tf.ones([2, 3])
    seeds = tf.zeros([2, 2], tf.int32)
    assert drop(x, 0.5, training=False, seeds=None) is x
    assert drop(x, 0.5, training=False, seeds=seeds) is x
    assert drop(x, 0.0, training=True, seeds=seeds) is x


def test_training_without_seeds_is_refused():
    with pytest.raises(InputError, match=r"`seeds` in training, for the noise of dropout\. Received: seeds=None"):
        drop(tf.ones([2, 3]), 0.5, training=True, seeds=None)
