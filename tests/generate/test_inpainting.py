"""Masks, the ascent of the density in hidden pixels, and draws of them."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.generate.models import IMAGE, image_model, images
from tfflows import generate
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import inpainting
from tfflows.generate.inpainting import Problem
from tfflows.generate.masks import MASKS

KEEP = generate.mask("left", IMAGE.shape)


def test_there_are_the_ten_masks_of_the_paper():
    assert len(MASKS) == 10
    hidden = {name: ~generate.mask(name, (28, 28, 3)) for name in MASKS}
    assert {mask.shape for mask in hidden.values()} == {(28, 28, 3)}
    half = dict.fromkeys(MASKS[:8], 0.5)
    for name, share in {**half, "random_75": 0.75, "random_90": 0.9}.items():
        assert hidden[name].mean() == pytest.approx(share, abs=1e-3)
        np.testing.assert_array_equal(hidden[name][..., 0], hidden[name][..., 2])
    for name, other in zip(MASKS[:6:2], MASKS[1:6:2], strict=True):
        np.testing.assert_array_equal(hidden[name], ~hidden[other])
    assert hidden["top"][:14].all()
    assert hidden["left"][:, :14].all()
    assert hidden["odd"][0, 0].all()
    assert hidden["middle_vertically"][:, 7:21].all()
    assert hidden["middle_horizontally"][7:21].all()


def test_random_masks_have_a_seed():
    first, again, other = (generate.mask("random_75", (8, 8, 1), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_unknown_mask_lists_the_known():
    with pytest.raises(InputError, match=r"`mask` to be one of \['top'.*'middle'"):
        generate.mask("middle", (8, 8, 1))


def test_known_pixels_stay_and_the_density_rises():
    model, x = image_model(), images()[:3]
    found = generate.inpaint(model, x, KEEP, steps=40, seed=1)
    for image in (found.start, found.result):
        np.testing.assert_array_equal(np.where(KEEP, image, 0), np.where(KEEP, x, 0))
    assert found.log_prob.shape == (41, 3)
    problem = Problem.of(model, x, KEEP, None, None)
    np.testing.assert_allclose(found.log_prob[0], problem.height(problem.place(problem.started(1))), rtol=1e-4)
    assert np.all(tf.reduce_max(found.log_prob, axis=0) > found.log_prob[0] + 1)


def test_every_step_stays_inside_the_range_and_at_the_known_pixels(monkeypatch):
    seen, last = [], []
    monkeypatch.setattr(inpainting, "RATE", 1.0)
    monkeypatch.setattr(inpainting, "_keep_better", lambda best, highest, y, log_prob: last.append(y))
    model, x = image_model(), images()[:2]
    generate.inpaint(model, x, KEEP, steps=5, progress=lambda number: seen.append(last[0].numpy()))
    problem = Problem.of(model, x, KEEP, None, None)
    low, high = problem.ends
    assert len(seen) == 5
    for y in seen:
        hidden = problem.hidden(tf.constant(y))
        assert low <= tf.reduce_min(hidden) < tf.reduce_max(hidden) <= high
        known = tf.boolean_mask(y - problem.place(problem.known), KEEP, axis=1)
        np.testing.assert_allclose(known, 0, atol=1e-5)
    _, gradient = problem.ascent(tf.constant(seen[-1]))
    assert np.all(tf.boolean_mask(gradient, KEEP, axis=1) == 0)


def test_the_ascent_is_in_the_logits_of_the_pixels_where_the_flow_has_them():
    problem = Problem.of(image_model("realnvp"), images()[:2], KEEP, None, None)
    place = tf.identity(problem.place(problem.started(0)))  # TFP remembers where it came from
    with tf.GradientTape() as tape:
        tape.watch(place)
        y = problem.coordinates.forward(place)
        total = tf.reduce_sum(y)
    slope = tf.reduce_sum(tf.math.log(tape.gradient(total, place)), axis=[1, 2, 3])
    np.testing.assert_allclose(problem.height(place), problem.log_density(y) + slope, rtol=1e-5)
    assert np.abs(slope).min() > 1
    assert problem.ends == pytest.approx([-s for s in reversed(problem.ends)], rel=1e-4)
    scaled = Problem.of(image_model("nice"), images()[:2], KEEP, None, None)
    np.testing.assert_array_equal(scaled.place(y), y)


@pytest.mark.slow
def test_hidden_values_of_the_images_are_not_used():
    model, x = image_model(), images()[:2]
    other = np.where(KEEP, x, 7 - x)
    first, second = (generate.inpaint(model, each, KEEP, steps=5, seed=1).result for each in (x, other))
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_each_image_is_inpainted_alone():
    model, x = image_model(), images()[:3]
    alone = generate.inpaint(model, x[:1], KEEP, steps=10, seed=1).result
    np.testing.assert_array_equal(generate.inpaint(model, x, KEEP, steps=10, seed=1).result[:1], alone)


def test_each_image_may_have_a_mask_of_its_own():
    model, x = image_model(), images()[:2]
    masks = np.stack([KEEP, generate.mask("top", IMAGE.shape)])
    together = generate.inpaint(model, x, masks, steps=5, seed=1)
    for row in range(2):
        alone = generate.inpaint(model, x[row : row + 1], masks[row], steps=5, seed=1)
        np.testing.assert_allclose(together.result[row].numpy(), alone.result[0].numpy(), atol=1)  # rounded down
        np.testing.assert_allclose(together.log_prob[:, row], alone.log_prob[:, 0], rtol=1e-5)
    with pytest.raises(
        InputError, match=r"one mask `keep` for all images, \(4, 4, 1\)\. Received: shape=\(2, 4, 4, 1\)"
    ):
        generate.posterior_draws(model, x, masks)


def test_progress_is_told_of_each_step():
    seen = []
    generate.inpaint(image_model(), images()[:1], KEEP, steps=4, progress=seen.append)
    assert seen == [1, 2, 3, 4]


def test_hidden_pixels_and_back():
    x = images()[:3]
    problem = Problem.of(image_model(), x, KEEP, None, None)
    y = tf.cast(x, tf.float32) + 0.5
    np.testing.assert_array_equal(problem.filled(problem.hidden(y)), y)


@pytest.mark.slow
def test_draws_have_the_conditional_distribution():
    # Two pixels of four levels: the probabilities of the second given the first are known.
    event = Event((1, 2, 1), levels=4)
    model = zoo.create("nice", event, couplings=2, width=8, depth=1)
    every = np.stack(np.meshgrid(range(4), range(4), indexing="ij"), -1).reshape(16, 1, 2, 1).astype(np.uint8)
    model.initialize(every)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + 0.4 * random.normal(size=variable.shape))
    model.flow.flow_layers[-1].trainable_variables[0].assign([2.0, 2.0])
    keep = np.array([True, False]).reshape(1, 2, 1)
    x = np.full((200, 1, 2, 1), 1, np.uint8)
    drawn = generate.posterior_draws(model, x, keep, draws=3, burn_in=150, seed=0).numpy()
    assert drawn.shape == (3, 200, 1, 2, 1)
    assert np.all(drawn[:, :, 0, 0] == 1)
    places = (np.arange(4000) + 0.5) / 1000
    grid = np.stack([np.full(4000, 1.5), places], -1).reshape(-1, 1, 2, 1).astype(np.float32)
    density = np.exp(model.flow.log_density(grid).numpy())
    expected = density.reshape(4, 1000).sum(1) / density.sum()
    shares = np.bincount(drawn[:, :, 0, 1].ravel(), minlength=4) / 600
    np.testing.assert_allclose(shares, expected, atol=0.07)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize("name", ["vae", "idf", "pixelcnn"])
def test_models_without_a_density_of_real_pixels_say_so(name):
    with pytest.raises(InputError, match=f"needs a density of real-valued pixels.*model='{name}'"):
        generate.inpaint(image_model(name), images()[:1], KEEP)


@pytest.mark.parametrize("keep", [np.ones(IMAGE.shape, bool), np.zeros((4, 4), bool)])
def test_wrong_masks_are_named(keep):
    with pytest.raises(InputError, match=r"Expected `keep` of shape \(4, 4, 1\), or one for each image"):
        generate.inpaint(image_model(), images()[:1], keep)
