"""The activation of gated convolutions, against its definition."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.networks import gated

X = tf.constant(np.concatenate([np.linspace(-3, 3, 41), [1e-9, -1e-9, 800.0, -800.0, 0.0]]).reshape(2, -1))


def defined(x):
    return tf.nn.elu(tf.concat([x, -x], axis=-1))


def with_gradient(function, x, weights):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        total = tf.reduce_sum(y * weights)
    return y, tape.gradient(total, x)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_concat_elu_and_its_gradient(jit_compile):
    weights = tf.constant(np.random.default_rng(0).normal(size=(2, 2 * X.shape[1])))
    compiled = tf.function(lambda x: with_gradient(gated.concat_elu, x, weights), jit_compile=jit_compile)
    for ours, theirs in zip(compiled(X), with_gradient(defined, X, weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-16)


def test_second_derivatives_of_concat_elu():
    x = tf.boolean_mask(X, tf.abs(X) > 1e-6)  # at 0 the slope jumps
    weights = tf.range(1, 2 * x.shape[0] + 1, dtype=tf.float64)
    second = []
    for function in (gated.concat_elu, defined):
        with tf.GradientTape() as tape:
            tape.watch(x)
            slope = with_gradient(function, x, weights)[1]
        second.append(tape.gradient(slope, x))
    np.testing.assert_allclose(*second, rtol=1e-10, atol=1e-300)
