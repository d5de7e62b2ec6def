"""Learned noise of pixels: its density, its condition, and what it is for."""

import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import EVENTS, Case, float64, make
from tfflows import noise
from tfflows.dequantization import LogitNormalDequantization, UniformDequantization
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Logit, Rescale, Scale, pixel_layer
from tfflows.models import Dequantized, Flow, make_flow
from tfflows.networks import MLP, ConvResNet

tfd = tfp.distributions

SHAPE, LEVELS = (4, 4, 1), 8
SMALL = {
    "glow": {"scales": 2, "steps": 1, "width": 4, "alpha": 1e-3},
    "realnvp": {"width": 4, "blocks": 1},
    "tarflow": {"patch": 2, "blocks": 2, "layers": 1, "width": 8, "heads": 2, "alpha": 1e-3},
}


def pixels(rows: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).integers(0, LEVELS, (rows, *SHAPE)), tf.uint8)


def trained_noise() -> LogitNormalDequantization:
    """Noise whose network is not at its start, zero."""
    dequantization = LogitNormalDequantization(ConvResNet(width=4, blocks=1), LEVELS)
    dequantization.build((None, *SHAPE))
    random = np.random.default_rng(1)
    for weight in dequantization.trainable_variables:
        weight.assign(weight + 0.3 * random.normal(size=weight.shape))
    return dequantization


def test_density_of_the_noise_is_that_of_a_logit_normal():
    with float64():
        dequantization, x = trained_noise(), pixels(3)
        u, log_q = dequantization(x, noise.row_seeds(x, noise.seed_pair(0)))
        log_scale, shift = tf.split(dequantization.network(tf.cast(x, tf.float64) / LEVELS - 0.5), 2, axis=-1)
        expected = tfd.LogitNormal(shift, tf.exp(3 * tf.tanh(log_scale / 3))).log_prob(u)
    assert np.all((u > 0) & (u < 1))
    np.testing.assert_allclose(log_q, tf.reduce_sum(expected, [1, 2, 3]), rtol=1e-9)


def test_noise_is_conditioned_on_the_pixels():
    x = tf.concat([pixels(1), LEVELS - 1 - pixels(1)], axis=0)
    u, log_q = trained_noise()(x, tf.constant([[1, 2], [1, 2]]))
    assert np.abs(u[0] - u[1]).max() > 1e-2
    assert log_q[0] != log_q[1]


@pytest.mark.parametrize("name", SMALL)
def test_setting_makes_the_noise_learned_and_importance_weights_tighten_the_bound(name):
    model = zoo.create(name, event=Event(SHAPE, "uint8", LEVELS), dequantization="logit_normal", **SMALL[name])
    assert isinstance(model.dequantization, LogitNormalDequantization)
    assert isinstance(model.flow.flow_layers[0], Logit)
    x = pixels(16)
    model.initialize(x)
    one = np.mean([model.log_prob(x, seed=seed) for seed in range(10)], axis=0)
    many = model.log_prob(x, num_importance_samples=200)
    assert np.all(one < many)


def test_latents_without_a_seed_are_those_of_the_center_of_the_noise():
    dequantization, x = trained_noise(), pixels(2)
    u = np.stack([dequantization(x, noise.row_seeds(x, noise.seed_pair(seed)))[0] for seed in range(60)])
    np.testing.assert_allclose(dequantization.center(x), np.median(u, axis=0), atol=0.2)
    np.testing.assert_array_equal(UniformDequantization().center(x), np.full(x.shape, 0.5))
    model = zoo.create(
        "realnvp", event=Event(SHAPE, "uint8", LEVELS), dequantization="logit_normal", **SMALL["realnvp"]
    )
    model.initialize(x)
    model.dequantization.set_weights(dequantization.get_weights())
    inside = tf.cast(x, tf.float32) + dequantization.center(x)
    np.testing.assert_allclose(model.encode(x), model.flow.encode_fn(inside, None), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.decode(model.encode(x)), x)


def test_center_of_noise_that_rounds_to_1_stays_in_its_cell():
    dequantization, x = trained_noise(), pixels(2)
    dequantization.network.last.bias.assign([0.0, 40.0])
    assert np.all(dequantization.center(x) == np.float32(0.999))


class Highest(UniformDequantization):
    """Noise that is as close to 1 as float32 can be."""

    def call(self, x, seeds, *, training=False):
        return tf.fill(tf.shape(x), np.nextafter(np.float32(1), np.float32(0))), tf.zeros(tf.shape(x)[:1])


def test_noise_stays_in_the_cell_of_its_pixel():
    flow = Flow(Event((256,)), [Rescale(high=256.0)])
    model, x = Dequantized(flow, levels=256, dequantization=Highest()), np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(np.floor(model.dequantize(tf.constant(x), noise.seed_pair(0))), x)
    np.testing.assert_array_equal(model.decode(model.encode(x, seed=0)), x)


def test_noise_of_vectors_of_integers_may_be_learned():
    event = Event((3,), "uint8", 4)
    learned = LogitNormalDequantization(MLP(width=8, depth=1), 4)
    model = make_flow(event, [Scale()], dequantization=learned)
    x = np.stack(np.meshgrid(*[np.arange(4, dtype=np.uint8)] * 3), axis=-1).reshape(-1, 3)
    model.initialize(x)
    total = tf.reduce_sum(tf.exp(model.log_prob(x, num_importance_samples=2000)))
    np.testing.assert_allclose(total, 1, atol=0.05)


@pytest.mark.parametrize("name", SMALL)
def test_unknown_noise_is_refused(name):
    with pytest.raises(InputError, match=r"`dequantization` to be one of \['uniform', 'logit_normal'\].*'normal'"):
        zoo.create(name, event=Event(SHAPE, "uint8", LEVELS), dequantization="normal", **SMALL[name])


def test_pixels_are_scaled_where_there_is_no_logit():
    layer = pixel_layer(Event(SHAPE, "uint8", LEVELS), 0.0, low=-1.0, high=1.0)
    assert isinstance(layer, Rescale)
    np.testing.assert_allclose(layer(tf.constant([0.0, 2.0, 8.0])), [-1.0, -0.5, 1.0])


def test_uniform_noise_of_dark_pixels_costs_affine_flows_what_the_docs_say():
    # log(u) of uniform u has standard deviation 1; a normal distribution needs more nats for it than its entropy, 0
    # for u itself. A normal distribution fits the logarithm of logit-normal noise much better.
    normal = tf.random.stateless_normal([200_000], [0, 1], dtype=tf.float64)
    u = tf.random.stateless_uniform([200_000], [0, 2], dtype=tf.float64)
    assert bound(tf.math.log(u), tf.math.log(u)) == pytest.approx(math.log(2 * math.pi / math.e) / 2, abs=0.01)
    v = 0.7 * normal - 2.0
    log_q = tfd.LogitNormal(tf.constant(-2.0, tf.float64), 0.7).log_prob(tf.sigmoid(v))
    assert bound(tf.math.log_sigmoid(v), tf.math.log_sigmoid(v) + log_q) < 0.02


def bound(y: tf.Tensor, log_density_and_slope: tf.Tensor) -> float:
    """Nats for a pixel: entropy of a fitted normal of `y = log u`, less the entropy of `y`."""
    fitted = tfd.Normal(tf.reduce_mean(y), tf.math.reduce_std(y))
    return float(tf.reduce_mean(log_density_and_slope - fitted.log_prob(y)))


def test_importance_samples_share_what_the_noise_is_conditioned_on(monkeypatch):
    model = make(Case("realnvp", EVENTS["image"]), dequantization="logit_normal")
    x, calls = np.zeros((2, *model.event.shape), np.uint8), []
    features = model.dequantization.features
    monkeypatch.setattr(model.dequantization, "features", lambda *a, **k: calls.append(1) or features(*a, **k))
    tf.config.run_functions_eagerly(True)
    try:
        found = model.log_prob_fn(tf.constant(x), None, noise.seed_pair(0), 4)
    finally:
        tf.config.run_functions_eagerly(False)
    assert len(calls) == 1
    seeds = noise.split(noise.seed_pair(0), 4)
    draws = [model.log_prob_fn(tf.constant(x), None, seed) for seed in tf.unstack(seeds)]
    np.testing.assert_allclose(found, tfp.math.reduce_logmeanexp(tf.stack(draws), axis=0), rtol=1e-5)


def test_real_pixels_beyond_the_range_of_the_logit_are_named():
    model = zoo.create("realnvp", Event((4, 4, 1)), width=4, blocks=1, scales=1)
    x = np.random.default_rng(0).uniform(size=(8, 4, 4, 1)).astype(np.float32)
    model.initialize(x)
    assert np.all(np.isfinite(model.log_prob(x)))
    x[3, 0, 1] = -0.5
    with pytest.raises(InputError, match=r"in \[0, 1\], as a logit.*Received: x\[3, 0, 1, 0\]=-0\.5"):
        zoo.create("realnvp", Event((4, 4, 1)), width=4, blocks=1, scales=1).initialize(x)
