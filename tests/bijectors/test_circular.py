"""Circular splines (2002.02428): bijections of the circle, whose densities have no seam."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import CircularSpline
from tfflows.bijectors import circular as module
from tfflows.bijectors import spline as splines
from tfflows.bijectors.circular import Circular, wrap
from tfflows.bijectors.spline import Spline

FAMILY = CircularSpline(bins=5)
CIRCLE = np.linspace(-math.pi, math.pi, 2001)[:-1]


def spline(rows: int, seed: int = 0) -> Circular:
    """The same spline, with a phase, for each row."""
    one = 1.5 * np.random.default_rng(seed).normal(size=(1, FAMILY.size, 1))
    return FAMILY(tf.constant(np.tile(one, [rows, 1, 1])))


def density(angle: np.ndarray, seed: int = 0) -> np.ndarray:
    """Density of the image of a uniform angle."""
    at = tf.constant(angle[:, None])
    log_det = spline(len(angle), seed).inverse_log_det_jacobian(at, event_ndims=0)
    return np.exp(log_det.numpy()[:, 0]) / (2 * math.pi)


def assert_bijection():
    x = tf.constant(CIRCLE[:, None])
    z = spline(len(CIRCLE)).inverse(x)
    assert np.all((z >= -math.pi) & (z < math.pi))
    turns = np.diff(np.unwrap(np.append(z[:, 0], z[0, 0])))
    assert np.all(turns > 0)
    np.testing.assert_allclose(turns.sum(), 2 * math.pi)  # once around
    back = spline(len(CIRCLE)).forward(tf.identity(z))
    assert np.all((back >= -math.pi) & (back < math.pi))
    np.testing.assert_allclose(wrap(back - x), np.zeros_like(x), atol=1e-10)


def assert_density_has_no_seam():
    # At the ends of the interval, and where the rotated spline has its ends.
    for seam in (math.pi, float(wrap(math.pi - spline(1).phase)[0, 0])):
        before, at, after = density(np.array([seam - 1e-7, seam, seam + 1e-7]))
        np.testing.assert_allclose([before, after], [at, at], rtol=1e-5)
    np.testing.assert_allclose(density(CIRCLE + 2 * math.pi), density(CIRCLE), rtol=1e-9)


def assert_log_det_is_that_of_autodiff():
    for direction in ("inverse", "forward"):
        at = tf.constant(CIRCLE[::7, None])
        made = spline(len(at))
        with tf.GradientTape() as tape:
            tape.watch(at)
            out = getattr(made, direction)(at)
        log_det = getattr(spline(len(at)), f"{direction}_log_det_jacobian")(tf.identity(at), event_ndims=0)
        np.testing.assert_allclose(log_det, np.log(tape.gradient(out, at)), atol=1e-9)


def assert_samples_have_the_density():
    rows = 20_000
    uniform = np.random.default_rng(1).uniform(-math.pi, math.pi, (rows, 1))
    drawn = spline(rows).forward(tf.constant(uniform)).numpy()[:, 0]
    mass = density(CIRCLE) * 2 * math.pi / len(CIRCLE)
    np.testing.assert_allclose(mass.sum(), 1, atol=1e-4)
    for function in (np.cos, np.sin, lambda angle: np.cos(2 * angle)):
        values = function(drawn)
        assert abs(values.mean() - mass @ function(CIRCLE)) < 4 * values.std() / math.sqrt(rows)


LAWS = [
    assert_bijection,
    assert_density_has_no_seam,
    assert_log_det_is_that_of_autodiff,
    assert_samples_have_the_density,
]


@pytest.mark.parametrize("law", LAWS)
def test_law(law):
    law()


def test_zeros_are_the_identity():
    x = tf.constant(CIRCLE[:, None])
    identity = FAMILY(tf.zeros([len(CIRCLE), FAMILY.size, 1], tf.float64))
    np.testing.assert_allclose(identity.inverse(x), x, atol=1e-12)
    np.testing.assert_allclose(identity.inverse_log_det_jacobian(x, event_ndims=0), np.zeros_like(x), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_wrapped_angles_are_in_the_half_open_circle(dtype):
    pi = np.array(math.pi, dtype)
    angles = np.array([-pi, pi, np.nextafter(-pi, pi - 9), np.nextafter(pi, 9), 3 * pi, -7 * pi, 100.0, 0.0], dtype)
    wrapped = wrap(tf.constant(angles)).numpy()
    assert np.all((wrapped >= -pi) & (wrapped < pi))
    assert wrapped[-1] == 0
    np.testing.assert_allclose(np.exp(1j * wrapped), np.exp(1j * angles), atol=1e-5 if dtype == "float32" else 1e-12)


def one_slope_differs(patch):
    def kinked(widths, heights, slopes, bound):
        return Spline(widths, heights, tf.concat([slopes[:-1], 2 * slopes[-1:]], axis=0), bound=bound)

    patch.setattr(splines, "Spline", kinked)


def log_det_sign_flipped(patch):
    method = Spline.inverse_and_log_det
    patch.setattr(Spline, "inverse_and_log_det", lambda self, x: (method(self, x)[0], -method(self, x)[1]))


def angles_are_not_wrapped(patch):
    patch.setattr(module, "wrap", tf.identity)


def rotated_only_once(patch):
    patch.setattr(Circular, "forward_and_log_det", lambda self, z: self.spline.forward_and_log_det(z))


MUTANTS = [
    (one_slope_differs, assert_density_has_no_seam),
    (log_det_sign_flipped, assert_log_det_is_that_of_autodiff),
    (log_det_sign_flipped, assert_samples_have_the_density),
    (angles_are_not_wrapped, assert_bijection),
    (angles_are_not_wrapped, assert_density_has_no_seam),
    (rotated_only_once, assert_bijection),
    (rotated_only_once, assert_samples_have_the_density),
]


@pytest.mark.parametrize(("mutant", "law"), MUTANTS)
def test_law_catches_mutant(mutant, law, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        law()
