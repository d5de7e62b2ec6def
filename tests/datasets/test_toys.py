"""Two-dimensional toys: their splits, and the densities that they are drawn from."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event

TOYS = [name for name in datasets.names() if name.startswith("toy/")]
KNOWN = [name for name in TOYS if name != "toy/two_moons"]
SIDE = 8.0  # the plane outside [-SIDE/2, SIDE/2]^2 has almost no mass


def points(split):
    (batch,) = split.examples.batch(split.size)
    return batch["x"].numpy()


def grid(cells):
    """Centres of `cells` x `cells` squares: `[cells**2, 2]`, and the area of a square."""
    centers = (np.arange(cells) + 0.5) / cells * SIDE - SIDE / 2
    points = np.stack(np.meshgrid(centers, centers, indexing="ij"), -1).reshape(-1, 2)
    return points.astype(np.float32), (SIDE / cells) ** 2


def test_there_are_four_toys_and_three_densities():
    assert TOYS == ["toy/eight_gaussians", "toy/checkerboard", "toy/rings", "toy/two_moons"]
    assert [name for name in TOYS if datasets.load(name).truth is not None] == KNOWN


@pytest.mark.parametrize("name", TOYS)
def test_splits_are_float32_points_that_no_other_split_has(name):
    data = datasets.load(name)
    assert data.event == datasets.event(name) == Event((2,), "float32")
    splits = [points(split) for split in (data.train, data.validation, data.test)]
    assert [split.shape for split in splits] == [(100_000, 2), (10_000, 2), (20_000, 2)]
    assert [data.train.size, data.validation.size, data.test.size] == [100_000, 10_000, 20_000]
    everything = np.concatenate(splits)
    assert everything.dtype == np.float32
    assert len(np.unique(everything, axis=0)) == 130_000


@pytest.mark.parametrize("name", TOYS)
def test_points_are_the_same_whatever_the_global_seeds(name):
    np.random.seed(1)
    tf.random.set_seed(1)
    first = points(datasets.load(name).validation)
    np.random.seed(2)
    tf.random.set_seed(2)
    np.testing.assert_array_equal(first, points(datasets.load(name).validation))


@pytest.mark.parametrize("name", KNOWN)
def test_density_integrates_to_one(name):
    centers, area = grid(800)
    mass = np.exp(datasets.load(name).truth.log_prob(centers).numpy().astype(np.float64)).sum() * area
    assert mass == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", KNOWN)
def test_samples_agree_with_density(name):
    data = datasets.load(name)
    # 32x32 bins of 25x25 points each: the mass of each bin against the share of the training points in it.
    centers, area = grid(800)
    density = np.exp(data.truth.log_prob(centers).numpy().astype(np.float64)).reshape(32, 25, 32, 25)
    expected = density.sum((1, 3)) * area
    edges = np.linspace(-SIDE / 2, SIDE / 2, 33)
    counts, _, _ = np.histogram2d(*points(data.train).T, bins=(edges, edges))
    # A bin's share errs by sqrt(mass / size), of which the mean |error| is 0.8.
    noise = np.sqrt(expected / data.train.size).sum()
    assert np.abs(counts / data.train.size - expected).sum() < noise


def test_checkerboard_scores_its_points_with_its_entropy():
    data = datasets.load("toy/checkerboard")
    np.testing.assert_allclose(data.truth.log_prob(points(data.test)), -math.log(32), rtol=1e-6)
    outside = [[-1.0, 1.0], [1.0, -1.0], [5.0, 5.0], [-5.0, -5.0], [4.0, 2.0]]
    assert np.all(np.isneginf(data.truth.log_prob(outside)))
    # FFJORD's board: the cell above right of the center is dark.
    assert np.isfinite(data.truth.log_prob([1.0, 1.0]))


def test_eight_gaussians_has_its_centres_on_a_circle():
    truth = datasets.load("toy/eight_gaussians").truth
    peak = -math.log(8 * 2 * math.pi * 0.5**2 / 2)
    for angle in np.arange(8) * math.pi / 4:
        center = 4 / math.sqrt(2) * np.array([math.cos(angle), math.sin(angle)], np.float32)
        assert float(truth.log_prob(center)) == pytest.approx(peak, abs=1e-3)


def test_rings_lie_at_their_radii():
    data = datasets.load("toy/rings")
    radii = np.linalg.norm(points(data.test), axis=1)
    distance = np.abs(radii[:, None] - [0.75, 1.5, 2.25, 3.0])
    assert distance.min(1).max() < 6 * 0.08
    np.testing.assert_allclose(np.bincount(distance.argmin(1)) / len(radii), 0.25, atol=0.015)
    with tf.GradientTape() as tape:
        x = tf.Variable([[0.0, 0.0], [0.5, 0.0]])
        score = data.truth.log_prob(x)
    assert np.all(np.isfinite(score))
    assert np.all(np.isfinite(tape.gradient(score, x)))


def test_two_moons_is_two_half_circles():
    x = points(datasets.load("toy/two_moons").test)[:4000]
    angle = np.linspace(0, math.pi, 300)
    circle = 2 * np.stack([np.cos(angle), np.sin(angle)], -1)
    moons = np.stack([np.array([-1, -0.2]) + circle, np.array([1, 0.8]) - circle])
    nearest = np.linalg.norm(x[:, None, None] - moons, axis=-1).min(2)
    distance, moon = nearest.min(1), nearest.argmin(1)
    assert distance.max() < 5 * 0.2
    assert np.sqrt(np.mean(distance**2)) == pytest.approx(0.2, rel=0.1)
    assert moon.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("option", [{"n_bits": 4}, {"flip": True}, {"conditional": True}, {"data_dir": "somewhere"}])
def test_options_of_other_datasets_are_refused(option):
    with pytest.raises(InputError, match=f"`{next(iter(option))}` is an option of .*leave it at .*'toy/rings'"):
        datasets.event("toy/rings", **option)
