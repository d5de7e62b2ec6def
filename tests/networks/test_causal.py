"""A causal transformer: masks, and one token after another as a whole pass gives it, with a cache or by iteration."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.cases import float64
from tfflows.bijectors import Gaussian
from tfflows.errors import InputError
from tfflows.layers import AutoregressiveTokens
from tfflows.networks import CausalTransformer

TOKENS, CHANNELS, CONTEXT = 4, 2, 2


def layer(order="natural", context=0, guidance=0.0, **settings):
    """A layer without weights at zero."""
    keras.utils.set_random_seed(0)
    network = CausalTransformer(width=4, layers=1, heads=2, context_size=context, guidance=guidance)
    one = AutoregressiveTokens(conditioner=network, transformer=Gaussian(), order=order, **settings)
    one.build((None, TOKENS, CHANNELS))
    for weight in one.weights:
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.2, seed=1))
    return one


def inputs(context=0, rows=4):
    random = np.random.default_rng(0)
    z = tf.constant(random.normal(size=(rows, TOKENS, CHANNELS)))
    return z, tf.constant(random.normal(size=(rows, context))) if context else None


def results(one, z, context, *, reference=False):
    """The tokens, their log-dets, and gradients of both with respect to the latent and the weights."""

    @tf.function
    def run():
        bijector = one.bijector(context)
        forward = bijector._pass_by_pass if reference else bijector.entry_by_entry
        with tf.GradientTape() as tape:
            tape.watch(z)
            x, log_dets = forward(z)
            value = tf.reduce_sum(tf.sin(x)) + tf.reduce_sum(log_dets**2)
        return x, log_dets, tape.gradient(value, [z, *one.trainable_variables])

    return tf.nest.flatten(run())


@pytest.mark.parametrize(
    ("order", "context", "guidance"),
    [("natural", 0, 0.0), ("reversed", CONTEXT, 0.0), ("natural", CONTEXT, 1.5), ("reversed", CONTEXT, 1.5)],
)
def test_cache_gives_what_a_pass_for_each_token_gives(order, context, guidance):
    with float64():
        one, (z, condition) = layer(order, context, guidance), inputs(context)
        for cached, plain in zip(results(one, z, condition), results(one, z, condition, reference=True), strict=True):
            np.testing.assert_allclose(cached, plain, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("blocks", [1, 2, pytest.param(TOKENS + 1, marks=pytest.mark.slow)])
def test_jacobi_iteration_gives_the_same_to_its_tolerance(blocks):
    with float64():
        z, _ = inputs()
        plain, iterated = layer(), layer(jacobi_blocks=blocks, tolerance=1e-9)
        for one, other in zip(results(plain, z, None), results(iterated, z, None), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_jacobi_iteration_ends_when_it_is_exact():
    # With a tolerance that no change can meet, a pass for each token is left: the exact result.
    with float64():
        z, _ = inputs()
        exact, iterated = layer().bijector().forward(z), layer(jacobi_blocks=1, tolerance=1e-300).bijector().forward(z)
        np.testing.assert_allclose(iterated, exact, rtol=1e-12)


def test_rows_of_an_iteration_do_not_see_each_other():
    with float64():
        z, _ = inputs(rows=3)
        z *= tf.constant([1e-3, 1.0, 3.0], z.dtype)[:, None, None]  # rows that converge after different passes
        one = layer(jacobi_blocks=1, tolerance=1e-2)
        together = one.bijector().forward(z)
        alone = tf.concat([one.bijector().forward(z[row : row + 1]) for row in range(3)], axis=0)
        np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("order", ["natural", "reversed"])
def test_token_depends_on_the_tokens_before_it_alone(order):
    with float64():
        one, (x, _) = layer(order), inputs()
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = one.network(x)
        jacobian = np.abs(tape.batch_jacobian(outputs, x)).max((0, 2, 4))  # [token of outputs, token of inputs]
    before = np.tril(np.ones((TOKENS, TOKENS), bool), -1)
    before = before if order == "natural" else before[::-1, ::-1]
    assert np.all(jacobian[before] > 0)
    assert np.all(jacobian[~before] == 0)


def test_guidance_extrapolates_from_no_condition():
    with float64():
        (x, condition), nothing = inputs(CONTEXT), tf.zeros([4, CONTEXT], tf.float64)
        plain, guided = layer(context=CONTEXT).network, layer(context=CONTEXT, guidance=1.5).network
        expected = 2.5 * plain(x, condition) - 1.5 * plain(x, nothing)
        np.testing.assert_allclose(guided(x, condition), expected, rtol=1e-9)
        np.testing.assert_allclose(guided(x, condition, training=True), plain(x, condition), rtol=1e-9)


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"width": 6, "heads": 4}, "`width` to be a multiple of 4, the heads. Received: width=6"),
        ({"width": 8, "heads": 2, "guidance": 1.0}, "`guidance` to be 0 or more, and 0 for a model without"),
        ({"width": 8, "heads": 2, "guidance": -1.0, "context_size": 1}, "Received: guidance=-1.0"),
    ],
)
def test_wrong_settings_are_refused(settings, rule):
    with pytest.raises(InputError, match=rule):
        CausalTransformer(layers=1, **settings)


def test_order_that_is_not_causal_is_refused():
    network = CausalTransformer(6, width=8, layers=1, heads=2, degrees=np.array([1, 3, 2]))
    with pytest.raises(
        InputError, match=r"`degrees` in ascending or descending order of the tokens.*Received: degrees=\[1, 3, 2\]"
    ):
        network.build((None, 3, 3))
