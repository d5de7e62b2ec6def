"""Deep sigmoidal flows: special cases, monotony, log-determinants, far inputs."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases import float64
from tfflows.bijectors import DeepDenseSigmoidal, DeepSigmoidal, MixtureOfLogistics
from tfflows.errors import InputError

FAMILIES = [DeepSigmoidal(5, 1), DeepSigmoidal(4, 3), DeepDenseSigmoidal(4, 1), DeepDenseSigmoidal(4, 3)]


def parameters(family, *, rows=6, channels=2, size=1.0, dtype="float64"):
    values = np.random.default_rng(0).normal(size=(rows, family.size, channels))
    return tf.constant(size * values, dtype)


def test_one_unit_of_slope_1_is_the_identity():
    x = tf.constant([[-30.0], [0.0], [1.5], [400.0]])
    for family in (DeepSigmoidal(1, 1), DeepSigmoidal(1, 3), DeepDenseSigmoidal(1, 2)):
        np.testing.assert_allclose(family(tf.zeros([4, family.size, 1])).inverse(x), x, rtol=1e-6)


def test_layer_of_sigmoids_is_the_logit_of_a_mixture_of_logistics():
    # 1804.00779, section 3: w' sigmoid(a x + b) is the CDF of a mixture with locations -b / a and scales 1 / a.
    values = parameters(DeepSigmoidal(5, 1))
    a, b, logits = tf.split(values, 3, axis=1)
    places = np.linspace(-1, 1, 5)[:, None]
    a = tf.nn.softplus(np.log(np.expm1(1.0)) + 30 * tf.tanh(a / 30))
    b = b - places
    # The mixture adds its own spread to the locations, and bounds the log-scales.
    mixture = tf.concat([logits, -b / a - places, 7 * tf.atanh(-tf.math.log(a) / 7)], axis=1)
    x = tf.constant(np.random.default_rng(1).normal(0, 3, (6, 2)))
    mine, theirs = DeepSigmoidal(5, 1)(values), MixtureOfLogistics(5)(mixture)
    np.testing.assert_allclose(mine.inverse(x), theirs.inverse(x), rtol=1e-9)
    np.testing.assert_allclose(*(map_.inverse_log_det_jacobian(x, event_ndims=0) for map_ in (mine, theirs)), rtol=1e-8)


def test_dense_flow_of_one_layer_is_the_plain_one():
    values = parameters(DeepSigmoidal(4, 1))
    x = tf.constant(np.random.default_rng(1).normal(size=(6, 2)))
    np.testing.assert_array_equal(DeepSigmoidal(4, 1)(values).inverse(x), DeepDenseSigmoidal(4, 1)(values).inverse(x))


def test_number_of_parameters():
    assert DeepSigmoidal(8, 2).size == 2 * 3 * 8
    assert DeepDenseSigmoidal(8, 2).size == (2 * 8 + 8 * 8) + (8 * 8 + 2 * 8 + 8)


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_are_strictly_increasing_and_log_det_is_that_of_autodiff(family):
    values = parameters(family, rows=1, channels=1, size=3.0)
    x = tf.constant(np.linspace(-50, 50, 2001)[:, None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        bijector = family(tf.repeat(values, 2001, axis=0))
        z = bijector.inverse(x)
    assert np.all(np.diff(z[:, 0]) > 0)
    log_slope = np.log(tape.gradient(z, x))
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x, event_ndims=0), log_slope, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_round_trip(family):
    with float64():
        values, z = parameters(family), tf.constant(np.random.default_rng(1).normal(size=(6, 2)))
        x = family(values).forward(z)
        np.testing.assert_allclose(family(values).inverse(tf.identity(x)), z, atol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_units_that_start_equal_part(family):
    values = tf.Variable(tf.zeros([1, family.size, 1]))
    x = tf.constant([[0.7]])
    for _ in range(2):  # an inner matrix has a gradient once what it mixes differs
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(family(values).inverse_log_det_jacobian(x, event_ndims=0))
        values.assign_sub(0.1 * tape.gradient(loss, values))
    units = family.units
    last = values.numpy()[0, -3 * units :, 0].reshape(3, units)
    assert all(len(np.unique(part)) == units for part in last)
    assert len(np.unique(values.numpy()[0, :units, 0])) == units


def test_inner_units_that_start_equal_part():
    family = DeepDenseSigmoidal(4, 2)
    values = tf.zeros([1, family.size, 1])
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = family(values).inverse_log_det_jacobian(tf.constant([[0.7]]), event_ndims=0)
    gradient = tape.gradient(loss, values).numpy().ravel()
    w, u = gradient[8:24].reshape(4, 4), gradient[24:40].reshape(4, 4)  # out of the first layer, into the second
    for matrix in (w, u, u.T):
        assert len(np.unique(matrix.round(6), axis=0)) == 4


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_inputs_have_finite_latents_and_gradients(family, dtype):
    values = parameters(family, rows=2, size=50.0, dtype=dtype)
    x = tf.constant([[1e4, -1e4], [0.0, 3.0]], dtype)
    with tf.GradientTape() as tape:
        tape.watch([x, values])
        bijector = family(values)
        total = bijector.inverse(x) + bijector.inverse_log_det_jacobian(x, event_ndims=0)
    assert np.isfinite(total).all()
    assert all(np.isfinite(part).all() for part in tape.gradient(total, [x, values]))


@pytest.mark.parametrize("name", ["units", "layers"])
def test_zero_units_or_layers_are_refused(name):
    with pytest.raises(InputError, match=rf"`{name}` to be 1 or more\. Received: {name}=0"):
        DeepSigmoidal(**{name: 0})
