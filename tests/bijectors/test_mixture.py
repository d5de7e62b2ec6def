"""Mixtures as scalar bijectors, against TFP's."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors import MixtureOfGaussians, MixtureOfLogistics
from tfflows.bijectors.mixture import even_spread, log_normal_tails, scaled_erfc
from tfflows.errors import InputError

tfd = tfp.distributions

PAIRS = [(MixtureOfLogistics, tfd.Logistic), (MixtureOfGaussians, tfd.Normal)]


def parameters(components, *, rows=5, channels=2, dtype="float64"):
    return np.random.default_rng(0).normal(size=(rows, 3 * components, channels)).astype(dtype)


def distribution(component, components, values):
    """TFP's mixture with these parameters, `[rows, 3 * components, channels]`."""
    logits, locations, log_scales = np.split(np.moveaxis(values, 1, 2), 3, axis=-1)
    scales = np.exp(7 * np.tanh(log_scales / 7))
    kernel = component(tf.constant(locations + even_spread(components)), tf.constant(scales))
    return tfd.MixtureSameFamily(tfd.Categorical(logits=tf.constant(logits)), kernel)


@pytest.mark.parametrize(("family", "component"), PAIRS)
@pytest.mark.parametrize("components", [1, 4])
def test_latent_is_the_logit_of_the_cdf_and_density_that_of_the_mixture(family, component, components):
    values = parameters(components)
    x = tf.constant(np.random.default_rng(1).normal(0, 3, (5, 2)))
    bijector, mixture = family(components)(tf.constant(values)), distribution(component, components, values)
    np.testing.assert_allclose(tf.sigmoid(bijector.inverse(x)), mixture.cdf(x), rtol=1e-9)
    density = tfd.TransformedDistribution(tfd.Logistic(tf.constant(0.0, tf.float64), 1.0), bijector).log_prob(x)
    np.testing.assert_allclose(density, mixture.log_prob(x), rtol=1e-9)


@pytest.mark.parametrize("family", [MixtureOfLogistics, MixtureOfGaussians])
def test_round_trip(family):
    values = tf.constant(parameters(4))
    z = tf.constant(np.random.default_rng(1).logistic(size=(5, 2)))
    x = family(4)(values).forward(z)
    np.testing.assert_allclose(family(4)(values).inverse(tf.identity(x)), z, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("family", [MixtureOfLogistics, MixtureOfGaussians])
def test_far_inputs_have_finite_scores_and_gradients(family, jit_compile, dtype):
    x = tf.constant([[1e4, -1e4], [1e4, 3.0]], dtype)
    values = tf.constant(5 * parameters(3, rows=2, dtype=dtype))

    @tf.function(jit_compile=jit_compile)
    def scores(x, values):
        bijector = family(3)(values)
        z = bijector.inverse(x)
        return tfd.Logistic(tf.zeros([], dtype), 1.0).log_prob(z) + bijector.inverse_log_det_jacobian(x, event_ndims=0)

    with tf.GradientTape() as tape:
        tape.watch([x, values])
        score = scores(x, values)
    assert np.isfinite(score).all()
    for gradient in tape.gradient(score, [x, values]):
        assert np.isfinite(gradient).all()
        assert np.any(gradient)


def test_equal_components_get_different_gradients():
    values = tf.zeros([1, 9, 1])
    with tf.GradientTape() as tape:
        tape.watch(values)
        bijector = MixtureOfLogistics(3)(values)
        log_det = bijector.inverse_log_det_jacobian(tf.constant([[0.7]]), event_ndims=0)
    for part in np.split(tape.gradient(log_det, values).numpy().ravel(), 3):
        assert len(np.unique(part)) == 3


def test_one_logistic_of_scale_1_is_the_identity():
    x = tf.constant([[-3.0], [0.0], [50.0]])
    np.testing.assert_allclose(MixtureOfLogistics(1)(tf.zeros([3, 3, 1])).inverse(x), x, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 2e-6)])
def test_normal_tails_and_their_slopes(dtype, rtol):
    u = tf.constant(np.linspace(-12, 8, 81), dtype)
    normal = tfd.Normal(tf.constant(0.0, tf.float64), 1.0)
    exact = tf.cast(u, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(u)
        log_cdf, log_survival = log_normal_tails(u)
    np.testing.assert_allclose(log_cdf, normal.log_cdf(exact), rtol=rtol, atol=rtol * 1e-3)
    np.testing.assert_allclose(log_survival, normal.log_cdf(-exact), rtol=rtol, atol=rtol * 1e-3)
    slope = np.exp(normal.log_prob(exact) - normal.log_cdf(exact))
    np.testing.assert_allclose(tape.gradient(log_cdf, u), slope, rtol=20 * rtol)
    slope = -np.exp(normal.log_prob(exact) - normal.log_cdf(-exact))
    np.testing.assert_allclose(tape.gradient(log_survival, u), slope, rtol=20 * rtol)


def test_scaled_tail_is_that_of_tfp():
    y = tf.constant(np.concatenate([np.linspace(0, 10, 101), [1e3, 1e8, 1e150]]))
    np.testing.assert_allclose(scaled_erfc(y), tfp.math.erfcx(y), rtol=1e-13)


def test_no_component_is_refused():
    with pytest.raises(InputError, match=r"`components` to be 1 or more\. Received: components=0\."):
        MixtureOfLogistics(0)
