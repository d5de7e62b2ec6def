"""Samples at several temperatures, interpolations between events, reconstructions, attributes."""

import math

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import Case, make
from tests.generate.models import IMAGE, image_model, images
from tfflows import generate
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate.densities import density


def moved(name, **settings):
    """A model of two numbers with a normal base, and points."""
    model = make(Case(name, Event((2,))), **settings)
    return model, np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)


def log_density_at(model, x, temperature):
    """log p_T(x): of the image of latents whose noise is multiplied by a temperature."""
    z = model.encode(x)
    base = model.base_distribution()
    log_det = model.log_prob(x) - base.log_prob(z)
    return base.log_prob(z / temperature) - 2 * math.log(temperature) + log_det


def test_temperature_raises_the_density_to_a_power_where_the_volume_is_preserved():
    model, x = moved("nice", base="normal")
    constant = log_density_at(model, x, 0.7) - model.log_prob(x) / 0.7**2
    assert np.ptp(constant) < 1e-3


@pytest.mark.parametrize(("name", "settings"), [("realnvp", {}), ("nice", {"base": "logistic"})])
def test_temperature_does_not_raise_other_densities_to_a_power(name, settings):
    model, x = moved(name, **settings)
    constant = log_density_at(model, x, 0.7) - model.log_prob(x) / 0.7**2
    assert np.ptp(constant) > 0.1


def test_samples_of_all_temperatures_share_their_noise():
    model = moved("realnvp")[0]
    drawn = generate.at_temperatures(model, 5, temperatures=(0.0, 0.5, 1.0), seed=3)
    assert drawn.shape == (3, 5, 2)
    np.testing.assert_allclose(drawn[0], np.broadcast_to(drawn[0, :1], (5, 2)), atol=1e-6)
    np.testing.assert_allclose(model.encode(drawn[1]) * 2, model.encode(drawn[2]), atol=1e-3)
    one, other = (generate.at_temperatures(model, 5, temperatures=(0.5, 1.0), seed=None) for _ in range(2))
    np.testing.assert_allclose(model.encode(one[0]) * 2, model.encode(one[1]), atol=1e-3)
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_ways_start_and_end_at_the_given_images(path):
    model, x = image_model(), images()
    found = generate.interpolate(model, x[:3], x[3:6], steps=5, path=path).numpy()
    assert found.shape == (3, 5, *IMAGE.shape)
    np.testing.assert_array_equal(found[:, 0], x[:3])
    np.testing.assert_array_equal(found[:, -1], x[3:6])


def test_linear_way_is_a_line_of_latents_and_the_other_keeps_the_norm():
    model, x = moved("realnvp")
    x = x * (np.array([1.0, 0.4], np.float32) / np.linalg.norm(x, axis=1, keepdims=True))
    first, last = x[:10], x[10:20]
    line = model.encode(tf.reshape(generate.interpolate(model, first, last, steps=3), [-1, 2]))
    line = tf.reshape(line, [10, 3, 2])
    np.testing.assert_allclose(line[:, 1], 0.5 * (line[:, 0] + line[:, 2]), atol=2e-3)
    arc = generate.interpolate(model, first, last, steps=3, path="spherical")
    arc = tf.reshape(model.encode(tf.reshape(arc, [-1, 2])), [10, 3, 2])
    z = [model.encode(first).numpy(), model.encode(last).numpy()]
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in z]
    half = np.arccos(np.sum(unit[0] * unit[1], axis=1, keepdims=True)) / 2
    np.testing.assert_allclose(arc[:, 1], (z[0] + z[1]) / (2 * np.cos(half)), atol=5e-3)


def test_way_from_an_image_to_itself_stays_there():
    x = images()[:2]
    found = generate.interpolate(image_model(), x, x, steps=4, path="spherical").numpy()
    np.testing.assert_array_equal(found, np.broadcast_to(x[:, None], found.shape))


def test_corners_of_the_manifold_are_the_given_images():
    x = images()[:4]
    square = generate.manifold(image_model(), x, steps=3).numpy()
    assert square.shape == (3, 3, *IMAGE.shape)
    np.testing.assert_array_equal(square[[0, 0, -1, -1], [0, -1, 0, -1]], x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "straight"}, r"`path`.*linear.*'straight'"),
        ({"steps": 1}, r"`steps`.*steps=1"),
        ({"last": images()[:2]}, "as many events in `first` as in `last`"),
    ],
)
def test_wrong_ways_are_named(change, message):
    settings = {"first": images()[:3], "last": images()[3:6], **change}
    with pytest.raises(InputError, match=message):
        generate.interpolate(image_model(), **settings)


def test_manifold_takes_four_images():
    with pytest.raises(InputError, match=r"four events as corners.*corners=3"):
        generate.manifold(image_model(), images()[:3])


def test_flows_reconstruct_and_autoencoders_say_by_how_much_they_miss():
    x = images()[:6]
    found = generate.reconstruct(image_model(), x)
    np.testing.assert_array_equal(found.events, x)
    assert float(tf.reduce_max(found.largest)) == 0
    lossy = generate.reconstruct(image_model("vae"), x)
    difference = np.abs(lossy.events.numpy().astype(int) - x)
    np.testing.assert_allclose(lossy.error, difference.mean((1, 2, 3)))
    np.testing.assert_allclose(lossy.largest, difference.max((1, 2, 3)))
    assert float(tf.reduce_min(lossy.error)) > 0


def test_draws_of_the_posterior_differ_and_are_reproducible():
    model, x = image_model("flow_vae"), images()[:4]
    first, again = (generate.sample_reconstructions(model, x, draws=3, seed=1).numpy() for _ in range(2))
    assert first.shape == (3, 4, *IMAGE.shape)
    np.testing.assert_array_equal(first, again)
    assert np.any(first[0] != first[1])


def test_attribute_is_the_difference_of_mean_latents():
    model, x = image_model(), images()
    has = np.stack([np.arange(40) % 2 == 0, np.arange(40) < 10], axis=1)
    batches = [(x[:25], has[:25]), (x[25:], has[25:])]
    found = generate.attribute_vectors(model, batches)
    z = model.encode(x).numpy()
    for column in range(2):
        expected = z[has[:, column]].mean(0) - z[~has[:, column]].mean(0)
        np.testing.assert_allclose(found[column], expected, atol=1e-5)


def test_edit_moves_latents_along_the_attribute():
    model, x = moved("realnvp")
    direction = np.array([0.3, -0.2], np.float32)
    found = generate.edit(model, x[:5], direction, strengths=(-1.0, 0.0, 2.0))
    np.testing.assert_allclose(found[:, 1], x[:5], atol=1e-3)
    np.testing.assert_allclose(
        model.encode(found[:, 2]) - model.encode(x[:5]), np.tile(2 * direction, (5, 1)), atol=1e-3
    )
    np.testing.assert_allclose(model.encode(found[:, 0]) - model.encode(x[:5]), np.tile(-direction, (5, 1)), atol=1e-3)


def test_wrong_attributes_are_named():
    x = images()
    with pytest.raises(InputError, match="with each attribute, and others without it"):
        generate.attribute_vectors(image_model(), [(x, np.ones((40, 1), bool))])
    conditional = zoo.create("nice", Event((4, 4, 1), levels=8, classes=2))
    with pytest.raises(InputError, match="without a condition"):
        generate.attribute_vectors(conditional, [(x, np.ones((40, 1), bool))])


def test_density_on_a_grid_adds_up_to_1_and_its_rows_go_up():
    model = moved("realnvp")[0]
    x = model.sample(4000, seed=0).numpy()
    low, high = x.min(0) - 3, x.max(0) + 3
    window = (low[0], high[0], low[1], high[1])
    values = density(model, window, points=300)
    cell = (high[0] - low[0]) * (high[1] - low[1]) / 299**2
    assert values.sum() * cell == pytest.approx(1, abs=0.02)
    corner = model.log_prob(np.array([[low[0], high[1]]], np.float32))
    assert values[-1, 0] == pytest.approx(float(np.exp(corner[0])), rel=1e-4)


def test_grid_of_latents_is_that_of_the_flow():
    model = moved("realnvp")[0]
    lines = generate.warped_grid(model, reach=1.0, lines=3, points=5)
    assert lines.shape == (6, 5, 2)
    z = model.encode(lines.reshape(-1, 2)).numpy().reshape(6, 5, 2)
    np.testing.assert_allclose(z[0], np.stack([np.linspace(-1, 1, 5), np.full(5, -1.0)], 1), atol=1e-3)
    np.testing.assert_allclose(z[-1], np.stack([np.full(5, 1.0), np.linspace(-1, 1, 5)], 1), atol=1e-3)


def test_models_of_other_events_have_no_plane():
    with pytest.raises(InputError, match="a model of two real numbers"):
        density(image_model(), (0, 1, 0, 1))
