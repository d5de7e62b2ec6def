"""Sums along the leading axis, against those of TensorFlow along another."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import leading

VALUES = tf.constant(np.random.default_rng(0).normal(0, 20, (3, 4, 5, 2)))


def test_parameters_come_first_and_the_rest_keeps_its_order():
    assert leading.parameters_first(tf.zeros([7, 3, 2])).shape == (3, 7, 2)
    moved = leading.parameters_first(VALUES)
    np.testing.assert_array_equal(moved[4, 1, 2, 0], VALUES[1, 2, 4, 0])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (leading.softmax, tf.nn.softmax),
        (leading.log_softmax, tf.nn.log_softmax),
        (leading.log_sum_exp, tf.reduce_logsumexp),
    ],
    ids=["softmax", "log_softmax", "log_sum_exp"],
)
def test_values_and_gradients_are_those_of_tensorflow(ours, theirs):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(VALUES)
        here, there = ours(VALUES), theirs(VALUES, axis=0)
        sums = tf.reduce_sum(here**2), tf.reduce_sum(there**2)
    np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(*(tape.gradient(total, VALUES) for total in sums), rtol=1e-10, atol=1e-10)


def test_large_and_infinite_values_do_not_become_nan():
    values = tf.constant([[1e30, -np.inf, -1e30], [0.0, -np.inf, -2e30]], tf.float32)
    np.testing.assert_array_equal(leading.log_sum_exp(values), [np.float32(1e30), -np.inf, np.float32(-1e30)])
    np.testing.assert_array_equal(leading.softmax(values)[:, 0], [1.0, 0.0])
    np.testing.assert_allclose(leading.log_softmax(tf.constant([1e8, 1e8], tf.float32)), np.log([0.5, 0.5]), rtol=1e-6)
