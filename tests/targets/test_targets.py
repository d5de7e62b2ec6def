"""Energies: their formulas, their log Z, and the seeds that are their examples."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event

NAMES = ("energy/u1", "energy/u2", "energy/u3", "energy/u4", "energy/banana", "energy/funnel")
ROOT = math.sqrt(2 * math.pi)
# Across the band each is a sum of bells, along it a box of length 8 with sides of scale 0.4.
LOG_Z = {
    "energy/u2": math.log(0.4 * ROOT * (8 + 0.4 * ROOT)),
    "energy/u3": math.log((0.35 + 0.35) * ROOT * (8 + 0.4 * ROOT)),
    "energy/u4": math.log((0.4 + 0.35) * ROOT * (8 + 0.4 * ROOT)),
    "energy/banana": math.log(2 * math.pi * 2 * 0.6),
    "energy/funnel": math.log(2 * math.pi * 3),
}


def integral(values, *axes):
    """Of `values` on the grid of `axes`, by the trapezoidal rule."""
    for axis in reversed(axes):
        values = np.trapezoid(values, axis)
    return values


def test_names_are_those_of_the_paper_a_banana_and_a_funnel():
    assert tuple(name for name in datasets.names() if name.startswith("energy/")) == NAMES
    assert all(datasets.load(name).event == datasets.event(name) == Event((2,)) for name in NAMES)


@pytest.mark.parametrize("name", LOG_Z)
def test_log_z_is_its_closed_form_and_the_integral_of_the_density(name):
    energy = datasets.load(name)
    assert energy.log_z == pytest.approx(LOG_Z[name], abs=1e-6)
    assert abs(energy.log_z) > 1, "a constant that was forgotten would not show"
    first, t = np.linspace(-17, 17, 1201), np.linspace(-10, 10, 2001)
    second = np.sinh(t)  # fine in the middle, and out to where the funnel ends
    points = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1)
    mass = integral(np.exp(energy.log_density(tf.constant(points)).numpy()) * np.cosh(t), first, t)
    assert math.log(mass) == pytest.approx(energy.log_z, abs=1e-3)


def test_log_z_of_u1_is_its_integral_in_polar_coordinates():
    energy = datasets.load("energy/u1")
    radius, angle = np.linspace(0, 6, 1501), np.linspace(0, 2 * np.pi, 801)
    points = radius[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    mass = integral(np.exp(energy.log_density(tf.constant(points)).numpy()) * radius[:, None], radius, angle)
    assert energy.log_z == pytest.approx(math.log(mass), abs=1e-5)


def value(name, *point):
    return float(datasets.load(name).log_density(tf.constant([point], tf.float64))[0])


def test_energies_have_the_figures_of_their_paper():
    # u1: the ring of radius 2 at its left and right ends, and not at its top.
    assert value("energy/u1", 2.0, 0.0) == pytest.approx(value("energy/u1", -2.0, 0.0)) == pytest.approx(0, abs=1e-6)
    assert value("energy/u1", 0.0, 2.0) == pytest.approx(math.log(2) - 0.5 * (2 / 0.6) ** 2)
    # u2 to u4 follow a sine of period 4; one scale off it costs half a nat.
    assert value("energy/u2", 1.0, 1.0) == pytest.approx(0)
    assert value("energy/u2", -3.0, 1.4) == pytest.approx(-0.5)
    # u3 parts by 3 at x1 = 1, and is whole, so twice as high, at either end; u4 stays parted.
    for name, parted, whole in (("energy/u3", [1.0], [-3.0, 3.9]), ("energy/u4", [3.0, 3.9], [-3.0])):
        for first in parted:
            ridge = math.sin(math.pi * first / 2)
            assert value(name, first, ridge) == pytest.approx(0, abs=1e-3)
            assert value(name, first, ridge - 3) == pytest.approx(0, abs=1e-3)
            assert value(name, first, ridge - 1.5) < -6
        for first in whole:
            assert value(name, first, math.sin(math.pi * first / 2)) == pytest.approx(math.log(2), abs=1e-3)
    # The wall: nothing where the paper looks, one scale further half a nat.
    assert value("energy/u2", 4.4, math.sin(math.pi * 2.2)) == pytest.approx(-0.5)


@pytest.mark.parametrize("name", NAMES)
def test_density_has_finite_gradients_in_either_precision(name):
    x = np.array([[0.0, 0.0], [1.3, -0.4], [-2.0, 0.0], [30.0, -30.0], [-30.0, 1e-3]])
    values = []
    for dtype in (tf.float32, tf.float64):
        points = tf.constant(x, dtype)
        with tf.GradientTape() as tape:
            tape.watch(points)
            values.append(datasets.load(name).log_density(points))
        assert values[-1].dtype == dtype
        assert np.isfinite(tape.gradient(values[-1], points)).all()
    np.testing.assert_allclose(*values, rtol=1e-4, atol=1e-5)


def test_examples_are_seeds_and_none_comes_twice():
    energy = datasets.load("energy/u1")
    splits = (energy.train, energy.validation, energy.test)
    assert [split.size for split in splits] == [100_000, 10_000, 20_000]
    seeds = [next(iter(split.examples.batch(split.size)))["seeds"].numpy() for split in splits]
    assert {(part.dtype.name, part.shape[1:]) for part in seeds} == {("int32", (2,))}
    assert len(np.unique(np.concatenate(seeds), axis=0)) == 130_000


def test_options_of_other_datasets_are_refused():
    with pytest.raises(InputError, match=r"`n_bits` is an option of .*'energy/u1'.*n_bits=5"):
        datasets.load("energy/u1", n_bits=5)
