"""Facts of IAF-VAE: one top-down pass for inference and generation, gated steps, free bits, the paper's settings."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, events, make
from tfflows import noise
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models.vae import gaussian_kl
from zoo.registry import ARCHITECTURES

CASE = Case("iaf_vae", EVENTS["image"])


def inferred(model, x, seed=0):
    """A draw for each of `x`."""
    x = tf.constant(x)
    features = model.recognize(model._scaled(x)[0], None)
    return model.infer(features, None, noise.row_seeds(x, noise.seed_pair(seed)), training=False)


def test_generation_from_inferred_latents_is_what_inference_decodes():
    model, (x, _) = make(CASE), events(CASE, 5)
    found = inferred(model, x)
    assert found.z.shape == (5, *model.latent_shape)
    np.testing.assert_allclose(model.generate(tf.identity(found.z), None), found.outputs, rtol=1e-5, atol=1e-6)


def test_inference_is_bidirectional():
    """The posterior of the bottom layer depends on the draw of the layer above, with the same features from below."""
    model, (x, _) = make(CASE), events(CASE, 1)
    bottom = model.ladder[0]
    moments = []

    def recorded(prior, found, added, seeds, *, training):
        moments.append((found[0].numpy(), added[0].numpy(), prior[0].numpy()))
        return type(bottom).infer(bottom, prior, found, added, seeds, training=training)

    bottom.infer = recorded
    inferred(model, x, seed=0)
    inferred(model, x, seed=1)
    (below, above, prior), (same_below, other_above, other_prior) = moments
    np.testing.assert_array_equal(below, same_below)
    assert np.any(above != other_above)
    assert np.any(prior != other_prior)


def test_steps_are_gates_that_start_open():
    """Paper, section 4: sigma = sigmoid(s), with s initially around +1 to +2."""
    model = zoo.create("iaf_vae", event=EVENTS["image"], scales=1, blocks=1, width=4, latents=2, hidden=4)
    (step,) = model.ladder[0].flow.flow_layers
    z0 = np.random.default_rng(0).normal(size=(3, 2, 2, 2)).astype(np.float32)
    bijector = step.bijector(tf.zeros([3, 2, 2, 4]))
    gate = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(bijector.inverse(z0), gate * z0, rtol=1e-5)
    np.testing.assert_allclose(
        bijector.inverse_log_det_jacobian(z0, event_ndims=3), [8 * math.log(gate)] * 3, rtol=1e-5
    )


def test_orders_are_reversed_from_step_to_step():
    model = zoo.create("iaf_vae", event=EVENTS["image"], **{**CASE.settings, "steps": 3})
    orders = [[step.order for step in layer.flow.flow_layers] for layer in model.ladder]
    assert orders == [["natural", "reversed", "natural"]] * 2


def test_kl_of_a_layer_without_steps_is_that_of_gaussians():
    """With one layer whose prior is still standard normal, the mean log-ratio is the closed form."""
    keras.utils.set_random_seed(0)
    model = zoo.create("iaf_vae", event=EVENTS["image"], scales=1, blocks=1, width=4, latents=2, hidden=4)
    (layer,) = model.ladder
    layer.flow.flow_layers.clear()
    layer.up_first.kernel.assign(np.random.default_rng(0).normal(scale=0.2, size=layer.up_first.kernel.shape))
    features = model.recognize(model._scaled(tf.constant(events(CASE, 1)[0]))[0], None)
    many = tf.nest.map_structure(lambda part: tf.repeat(part, 4000, axis=0), features)
    ratio = model.infer(many, None, noise.split(noise.seed_pair(0), 4000), training=False).log_ratio.numpy()
    # All that comes from above starts at zero.
    mean, log_std, _ = features[0]
    expected = gaussian_kl(mean, 5 * tf.tanh(log_std / 5)).numpy().sum()
    assert abs(ratio.mean() - expected) < 4 * ratio.std() / math.sqrt(4000) < 0.5 * expected


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(("shape", "levels"), [((7, 5, 3), 256), ((6, 6, 1), 2)])
def test_any_height_and_width(shape, levels, strides):
    event = Event(shape, "uint8", levels)
    model = zoo.create("iaf_vae", event=event, strides=strides, scales=3, blocks=1, width=4, latents=1, hidden=2)
    x = model.sample_fn(noise.split(noise.seed_pair(0), 2), tf.ones([2]), None)
    assert x.shape == (2, *shape)
    assert np.isfinite(model.log_prob_fn(x, None, noise.seed_pair(0))).all()


def test_each_stride_halves_the_maps_of_the_ladder():
    event, settings = Event((28, 28, 1), "uint8", 2), {"scales": 2, "blocks": 1, "width": 4, "latents": 3, "hidden": 2}
    shapes = [zoo.create("iaf_vae", event, strides=n, **settings).latent_shapes for n in (1, 2)]
    assert shapes == [[(7, 7, 3), (14, 14, 3)], [(4, 4, 3), (7, 7, 3)]]
    with pytest.raises(InputError, match=r"Expected `strides` to be 1 or more\. Received: strides=0"):
        zoo.create("iaf_vae", event, strides=0, **settings)


def test_every_convolution_of_the_stem_is_inferred_and_trained():
    model = make(CASE, strides=2)
    inference = {id(weight) for layer in model.inference_layers for weight in layer.weights}
    assert all(id(weight) in inference for conv in model.first for weight in conv.weights)
    x, _ = events(CASE, 4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.log_prob_fn(tf.constant(x), None, noise.seed_pair(0)))
    weights = [conv.kernel.value for conv in (*model.first, *model.last)]
    assert all(np.any(gradient != 0) for gradient in tape.gradient(loss, weights))


def test_free_bits_are_counted_by_layer():
    model, (x, _) = make(CASE), events(CASE, 4)
    assert inferred(model, x).kl.shape == (4, len(model.ladder))


@pytest.mark.slow
def test_settings_of_the_paper_at_32_by_32():
    """Section 6.2 and the authors' code: 20 layers of 160 feature maps and 32 latents at half of 32 x 32."""
    row = ARCHITECTURES["iaf_vae"]
    settings = row.preset("cifar10", Event((32, 32, 3), "uint8", 256))["model"]
    assert settings["width"] == 160
    model = zoo.create("iaf_vae", event=Event((32, 32, 3), "uint8", 256), **{**settings, "width": 4, "hidden": 4})
    assert model.latent_shapes == [(16, 16, 32)] * 20
    assert model.top.shape[-1] == 4


@pytest.mark.parametrize("name", ["vae", "flow_vae", "iaf_vae"])
def test_mixed_precision_is_for_networks_only(name):
    case = Case(name, EVENTS["image"])
    full, x = make(case), tf.constant(events(case, 8)[0])
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = zoo.create(name, event=case.event, **case.settings)
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(full.get_weights())
    expected, score = (model.log_prob_fn(x, None, noise.seed_pair(0)) for model in (full, mixed))
    assert score.dtype == tf.float32
    assert np.any(score != expected)
    np.testing.assert_allclose(score, expected, rtol=0.02)
    drawn = mixed.sample_fn(noise.split(noise.seed_pair(0), 3), tf.ones([3]), None)
    assert drawn.dtype == tf.uint8
