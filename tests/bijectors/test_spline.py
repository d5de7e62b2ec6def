"""Rational-quadratic splines (1906.04032), against TFP's and against their own definition."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors import RationalQuadratic
from tfflows.errors import InputError

BINS, BOUND = 5, 3.0
FAMILY = RationalQuadratic(bins=BINS, bound=BOUND)


def parameters(rows, channels=2, scale=2.0, dtype=np.float64):
    random = np.random.default_rng(0)
    return tf.constant(scale * random.normal(size=(rows, FAMILY.size, channels)), dtype)


def peer(spline):
    """TFP's spline with the same parameters; its forward direction is from data to latent here."""
    numbers = [np.moveaxis(values, 0, -1) for values in (spline.bins.width, spline.bins.height, spline.bins.right)]
    return tfp.bijectors.RationalQuadraticSpline(*numbers[:2], numbers[2][..., :-1], range_min=-BOUND)


def test_it_is_the_spline_of_tfp():
    x = tf.constant(np.random.default_rng(1).uniform(-4, 4, (500, 2)))
    spline = FAMILY(parameters(500))
    np.testing.assert_allclose(spline.inverse(x), peer(spline).forward(x), atol=1e-10)
    expected = peer(spline).forward_log_det_jacobian(x, event_ndims=0)
    np.testing.assert_allclose(spline.inverse_log_det_jacobian(x, event_ndims=0), expected, atol=1e-9)
    np.testing.assert_allclose(spline.forward(x), peer(spline).inverse(tf.identity(x)), atol=1e-9)
    assert np.mean(np.abs(x) > BOUND) > 0.2  # tails too


@pytest.mark.parametrize("direction", ["forward", "inverse"])
def test_log_det_is_that_of_autodiff(direction):
    x = tf.constant(np.random.default_rng(1).uniform(-4, 4, (500, 2)))
    spline = FAMILY(parameters(500))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = getattr(spline, direction)(x)
    log_det = getattr(spline, f"{direction}_log_det_jacobian")(x, event_ndims=0)
    np.testing.assert_allclose(log_det, np.log(tape.gradient(y, x)), atol=1e-8)


def test_the_two_directions_invert_each_other():
    x = tf.constant(np.random.default_rng(1).uniform(-4, 4, (500, 2)))
    z = FAMILY(parameters(500)).inverse(x)
    np.testing.assert_allclose(FAMILY(parameters(500)).forward(tf.identity(z)), x, atol=1e-8)


@pytest.mark.parametrize("bins", [1, 2, 8])
def test_zeros_are_the_identity(bins):
    family = RationalQuadratic(bins=bins, bound=BOUND)
    x = tf.constant(np.linspace(-4, 4, 81)[:, None])
    spline = family(tf.zeros([81, family.size, 1], tf.float64))
    np.testing.assert_allclose(spline.inverse(x), x, atol=1e-12)
    np.testing.assert_allclose(spline.inverse_log_det_jacobian(x, event_ndims=0), 0, atol=1e-12)


def test_it_is_increasing_and_goes_through_its_knots_with_their_slopes():
    spline = FAMILY(parameters(1, channels=1))
    knots, heights = (np.append(corners, BOUND) for corners in (spline.bins.x, spline.bins.y))
    slopes = np.append(spline.bins.left, 1.0)
    np.testing.assert_array_equal(np.ravel(spline.bins.right), slopes[1:])
    assert np.all(np.diff(knots) > 0)
    for side in (-1e-9, 0.0, 1e-9):  # value and slope are continuous at each knot, and where the tails begin
        x = tf.constant(knots[:, None] + side)
        np.testing.assert_allclose(np.ravel(spline.inverse(x)), heights, atol=1e-7)
        log_slope = spline.inverse_log_det_jacobian(tf.identity(x), event_ndims=0)
        np.testing.assert_allclose(np.ravel(log_slope), np.log(slopes), atol=1e-5)
    grid = tf.constant(np.linspace(-4, 4, 10_001)[:, None])
    assert np.all(np.diff(np.ravel(spline.inverse(grid))) > 0)


def test_bins_and_slopes_have_a_least_size():
    spline = FAMILY(parameters(200, scale=1e3))
    for sizes in (spline.bins.width, spline.bins.height):
        assert np.min(sizes) > 0.999 * 2 * BOUND * 1e-3
    assert min(np.min(spline.bins.left), np.min(spline.bins.right)) >= 1e-3


def assert_finite(family, direction, x, numbers):
    """Asserts that results and gradients are finite; returns what `x` is mapped to."""
    with tf.GradientTape() as tape:
        tape.watch([x, numbers])
        spline = family(numbers)
        y = getattr(spline, direction)(x)
        log_det = getattr(spline, f"{direction}_log_det_jacobian")(x, event_ndims=0)
        total = tf.reduce_sum(y) + tf.reduce_sum(log_det)
    for value in (y, log_det, *tape.gradient(total, [x, numbers])):
        assert np.isfinite(value).all()
    return y


@pytest.mark.parametrize("direction", ["forward", "inverse"])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_gradients_are_finite_everywhere(direction, scale):
    edges = [-1e30, -1e4, -BOUND, BOUND, 1e4, 1e30, 0.0, 2.9999999, -3.0000002, 1e-30]
    x = tf.constant(np.stack([edges, edges], -1), tf.float32)
    numbers = parameters(len(edges), scale=scale, dtype=np.float32)
    assert_finite(FAMILY, direction, x, numbers)


@pytest.mark.parametrize(("bound", "dtype"), [(0.7, "float64"), (0.7, "float32"), (np.pi, "float32")])
def test_the_ends_of_the_interval_are_exact_and_their_gradients_finite(bound, dtype):
    # Narrow first and last bins, with a small slope at the end.
    family, bound = RationalQuadratic(bins=16, bound=bound), np.array(bound, dtype)
    numbers = np.zeros((6, family.size, 1), dtype)
    numbers[:, [0, 15]], numbers[:, [16, 31]], numbers[:, 32:] = -20, 20, -20
    inner = np.nextafter(bound, np.zeros_like(bound))
    x = tf.constant([[-bound], [-2 * bound], [-inner], [inner], [bound], [2 * bound]], dtype)
    numbers = tf.constant(numbers)
    for direction in ("inverse", "forward"):
        y = assert_finite(family, direction, x, numbers)
        np.testing.assert_allclose(y, x, rtol=1e-5)
        assert np.all(np.abs(y[2:4]) <= bound)


def test_it_compiles_under_xla():
    x = tf.constant(np.random.default_rng(1).uniform(-4, 4, (20, 2)), tf.float32)
    numbers = parameters(20, dtype=np.float32)

    def both(x):
        return FAMILY(numbers).inverse(x), FAMILY(numbers).forward(x)

    for compiled, eager in zip(tf.function(both, jit_compile=True)(x), both(x), strict=True):
        np.testing.assert_allclose(compiled, eager, atol=1e-4)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(InputError, match=r"`bins` to be in 1\.\.999\. Received: bins=0"):
        RationalQuadratic(bins=0)
    with pytest.raises(InputError, match=r"`bound` to be positive\. Received: bound=-1"):
        RationalQuadratic(bound=-1)
