"""Facts of posteriors and priors made of flow layers, 1505.05770, 1606.04934 and 1803.05649."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.bound_laws import assert_same_mass, draws
from tests.cases import float64
from tfflows import bijectors
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Chain, FlowLayer

EVENT = Event((2,))
SMALL = {"hidden": 4, "width": 8, "depth": 1}
POSTERIORS = ["planar", "radial", "sylvester", "householder_sylvester", "triangular_sylvester", "realnvp", "iaf"]
FLOWS = [(f"2 {posterior}", "") for posterior in POSTERIORS]
FLOWS += [("1 planar", "2 realnvp"), ("1 planar", "2 maf")]
X = np.array([[0.4, -1.1]], np.float32)


def moved(posterior, prior="", *, move=0.1, **settings):
    """A small model with all weights moved from their initial values."""
    keras.utils.set_random_seed(0)
    model = zoo.create("flow_vae", event=EVENT, posterior=posterior, prior=prior, **SMALL, **settings)
    model.initialize(tf.constant(np.random.default_rng(1).normal(size=(64, 2)), tf.float32))
    random = np.random.default_rng(2)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + move * random.normal(size=variable.shape))
    return model


@pytest.mark.parametrize(("posterior", "prior"), FLOWS)
def test_draws_have_the_density_that_is_claimed(posterior, prior):
    model = moved(posterior, prior)
    assert_same_mass(model, X, {})
    with tf.GradientTape() as tape:
        found = draws(model, X, {}, 50)
    weights = [v for layer in (*model.inference_layers, model.prior) for v in layer.trainable_variables]
    for variable, gradient in zip(weights, tape.gradient(found.log_ratio, weights), strict=True):
        assert np.any(gradient), f"{variable.path} has no gradient"
        assert np.all(np.isfinite(gradient)), f"{variable.path} has a gradient that is not finite"


class Scaled(FlowLayer):
    """An affine map that is the same for all events."""

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Affine(tf.constant([0.3, -0.4], tf.float64), tf.constant([0.5, -0.7], tf.float64))


def test_kl_of_an_affine_flow_is_that_of_the_gaussian_it_makes():
    n = 20_000
    with float64():
        model = moved("1 planar")
        model.posterior = Chain([layer := Scaled()])
        _, mean, log_std = model.recognize(model._scaled(tf.constant(X))[0], None)
        found = draws(model, X, {}, n)
        affine = layer.bijector()
        log_std, mean = log_std + affine.log_scale, affine.inverse(mean)
    np.testing.assert_allclose(tf.reduce_mean(found.z, axis=0), mean[0], atol=0.1)
    known = np.sum(0.5 * (mean**2 + np.exp(2 * log_std) - 1) - log_std)
    error = found.log_ratio.numpy().std() / math.sqrt(n)
    assert error < 0.02
    assert abs(found.log_ratio.numpy().mean() - known) < 4 * error
    np.testing.assert_array_equal(found.kl[:, 0], found.log_ratio)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_each_event_has_a_flow_of_its_own(posterior):
    model = moved(f"1 {posterior}")
    features = model.recognize(tf.constant([[0.4, -1.1], [-1.5, 0.2]]), None)[0]
    z = tf.constant([[0.3, 0.7]] * 2)
    mine, theirs = model.posterior.bijector(features).inverse(z).numpy()
    assert np.any(np.abs(mine - theirs) > 1e-3)


def test_new_iaf_steps_are_almost_open_gates():
    # 1606.04934, section 4: sigma starts at sigmoid(2), and m at 0.
    model = zoo.create("flow_vae", event=EVENT, posterior="2 iaf", **SMALL)
    z = tf.constant([[0.3, -0.7]])
    features = tf.ones([1, SMALL["width"]])
    for layer in model.posterior.flow_layers:
        bijector = layer.bijector(features)
        np.testing.assert_allclose(bijector.inverse(z), z / (1 + np.exp(-2)), rtol=1e-6)
        log_det = bijector.inverse_log_det_jacobian(z, event_ndims=1)
        np.testing.assert_allclose(log_det, [-2 * np.log1p(np.exp(-2))], rtol=1e-6)


@pytest.mark.parametrize(("posterior", "prior"), [("1 realnvp", ""), ("1 planar", "1 realnvp")])
def test_couplings_need_two_latents(posterior, prior):
    with pytest.raises(InputError, match=r"Expected .*at least 2.*Received: .*="):
        zoo.create("flow_vae", event=EVENT, posterior=posterior, prior=prior, latents=1, **SMALL)


@pytest.mark.parametrize(
    ("posterior", "prior"), [("1 planar", ""), ("1 radial", ""), ("1 sylvester", ""), ("1 iaf", "1 maf")]
)
def test_other_flows_work_with_one_latent(posterior, prior):
    model = moved(posterior, prior, latents=1)
    assert np.all(np.isfinite(model.log_prob(X)))
    assert model.sample(3, seed=0).shape == (3, 2)
