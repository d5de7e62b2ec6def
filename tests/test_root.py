"""Roots of increasing functions: found at any distance, independently of each other, with their derivatives."""

import numpy as np
import tensorflow as tf

from tfflows.bijectors import increasing_root


def cubic(x, a=1.0):
    return a * x + x**3, tf.math.log(a + 3 * x**2)


def test_root_is_found_however_far_it_lies():
    x = tf.constant([-1e3, -3.0, -1e-3, 0.0, 0.2, 40.0, 1e4], tf.float64)
    np.testing.assert_allclose(increasing_root(cubic, cubic(x)[0]), x, rtol=1e-12, atol=1e-12)


def test_root_in_single_precision_is_exact_to_rounding():
    x = tf.constant(np.random.default_rng(0).normal(0, 10, 1000), tf.float32)
    np.testing.assert_allclose(increasing_root(cubic, cubic(x)[0]), x, rtol=3e-6, atol=1e-6)


def test_derivatives_are_those_of_the_implicit_function():
    y, a = tf.constant([0.5, -2.0], tf.float64), tf.constant(1.5, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([y, a])
        x = increasing_root(lambda x: cubic(x, a), y)
    slope = a + 3 * x**2
    np.testing.assert_allclose(tape.gradient(x, y), 1 / slope, rtol=1e-9)
    np.testing.assert_allclose(tape.gradient(x, a), tf.reduce_sum(-x / slope), rtol=1e-9)


def plateau(x):
    """The logit of the CDF of two narrow components, whose slope between them is too small for float32."""
    scale = 0.01
    upper = tf.math.log_sigmoid((x + 1) / scale), tf.math.log_sigmoid((x - 1) / scale)
    lower = tf.math.log_sigmoid(-(x + 1) / scale), tf.math.log_sigmoid(-(x - 1) / scale)
    pairs = [tf.reduce_logsumexp(pair, axis=0) for pair in (upper, lower)]
    slopes = tf.reduce_logsumexp(tf.stack(upper) + tf.stack(lower), axis=0) - np.log(scale)
    return pairs[0] - pairs[1], slopes + np.log(2) - pairs[0] - pairs[1]


def test_root_on_a_plateau_is_finite_and_so_is_its_derivative():
    y = tf.constant([0.0, 1e-7, -1e-7, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(y)
        x = increasing_root(plateau, y)
    assert np.all(np.abs(x) < 1.1)
    np.testing.assert_allclose(plateau(x)[0], y, atol=3e-6)
    assert np.all(np.isfinite(tape.gradient(x, y)))


def test_root_does_not_depend_on_the_rest_of_its_batch():
    y = tf.constant([0.3, 1e6, -4.0])
    together = increasing_root(cubic, y).numpy()
    alone = [increasing_root(cubic, y[i : i + 1]).numpy()[0] for i in range(3)]
    np.testing.assert_array_equal(together, alone)


def test_graph_traces_the_function_once_for_the_search():
    traces = []

    def counted(x):
        traces.append(x)
        return cubic(x)

    search = tf.function(lambda y: increasing_root(counted, y), input_signature=[tf.TensorSpec([None], tf.float64)])
    x = tf.constant([-3.0, 0.0, 40.0, 1e4], tf.float64)
    np.testing.assert_allclose(search(cubic(x)[0]), x, rtol=1e-12, atol=1e-12)
    assert len(traces) == 2  # in the search, and in the Newton step
