"""Facts of the papers of residual flows, 1906.02735 and 1811.00995; those of the networks: test_lipschitz.py."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, float64, make
from tfflows import bijectors, layers, noise
from tfflows.bijectors import residual
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers.residual import number_of_flips
from tfflows.networks import LipschitzNet

MATRIX = tf.constant(0.3 * np.random.default_rng(0).normal(size=(3, 3)))
NORM = np.linalg.norm(MATRIX, 2)


def linear(matrix=MATRIX, *, lipschitz=NORM, draw=None):
    return bijectors.Residual(lambda x, _: x @ matrix, event_ndims=1, lipschitz=lipschitz, draw=draw)


def points(n, size=3):
    return tf.constant(np.random.default_rng(1).normal(size=(n, size)))


def test_weights_are_those_of_the_authors_model_of_cifar10():
    # 16-16-16 blocks of 512 maps, kernels 3-1-3, 4 dense blocks of 128 units: 25.2 M weights.
    model = zoo.create("residual", Event((32, 32, 3), "uint8", 256), preset="cifar10")
    scales = [16 * (2 * 9 * 512 * c + 512 * 512 + 2 * 512 + c + 3 + 2 * c) for c in (3, 12, 48)]
    dense = 4 * (2 * 3072 * 128 + 128 * 128 + 2 * 128 + 3072 + 3 + 2 * 3072)
    first = 2 * 3 - 1  # one more ActNorm, one LipSwish less
    assert model.count_params() == sum(scales) + dense + first == 25_174_129


def test_linear_contraction_has_the_log_det_and_the_inverse_of_its_matrix():
    x = points(5)
    z = linear().inverse(x)
    np.testing.assert_allclose(z, x @ (tf.eye(3, dtype=x.dtype) + MATRIX), atol=1e-12)
    expected = np.linalg.slogdet(np.eye(3) + MATRIX)[1]
    np.testing.assert_allclose(linear().inverse_log_det_jacobian(x, event_ndims=1), np.full(5, expected), atol=1e-12)
    np.testing.assert_allclose(linear().forward(tf.identity(z)), x, atol=1e-11)


def test_inverse_of_a_weak_contraction_has_enough_steps():
    # The first step, from 0 to -1, is as long as the solution, whatever the Lipschitz constant is.
    weak = bijectors.Residual(lambda x, _: 1 + 0.05 * x, event_ndims=1, lipschitz=0.05)
    np.testing.assert_allclose(weak.forward(tf.zeros([1, 1])), -1 / 1.05, rtol=residual.TOLERANCES[tf.float32])


def roulette(n, exact, size=3, seed=0):
    uniform = noise.uniform(noise.split(noise.seed_pair(seed), n), (size + 2,), tf.float64)
    more = number_of_flips(uniform[:, 0], uniform[:, 1])
    return bijectors.RussianRoulette(tf.sign(uniform[:, 2:] - 0.5), more, exact)


@pytest.mark.parametrize("exact", [0, 2, 20])
def test_estimate_of_a_linear_contraction_has_its_log_det_as_the_mean(exact):
    n = 20_000
    found = linear(draw=lambda x: roulette(n, exact)).inverse_log_det_jacobian(points(n), event_ndims=1).numpy()
    error = found.std() / np.sqrt(n)
    assert 0 < error < 0.01
    assert abs(found.mean() - np.linalg.slogdet(np.eye(3) + MATRIX)[1]) < 4 * error


def test_terms_without_their_weights_are_seen_to_fail(monkeypatch):
    drawn = lambda self, k: tf.cast(self.more >= k - self.exact, self.probe.dtype)  # noqa: E731
    monkeypatch.setattr(bijectors.RussianRoulette, "weight", drawn)
    with pytest.raises(AssertionError):
        test_estimate_of_a_linear_contraction_has_its_log_det_as_the_mean(0)


def test_more_exact_terms_make_a_better_estimate():
    n = 5000
    spreads = [
        linear(draw=lambda x, exact=exact: roulette(n, exact)).inverse_log_det_jacobian(points(n), event_ndims=1)
        for exact in (0, 2, 20)
    ]
    first, second, third = (np.std(spread) for spread in spreads)
    assert first > second > third


def test_every_term_has_weight_1_in_the_mean():
    drawn = roulette(200_000, 2)
    assert (drawn.more.numpy() >= 0).all()
    for k in range(1, 9):
        weights = drawn.weight(tf.constant(k)).numpy()
        assert abs(weights.mean() - 1) < 4 * weights.std() / np.sqrt(len(weights)) + 1e-12, k
    assert set(np.unique(drawn.weight(tf.constant(2)))) == {1.0}
    assert set(np.unique(drawn.weight(tf.constant(4)))) == {0.0, 4.0}


def test_number_of_flips_goes_on_with_the_next_number():
    cell = tf.constant([0.75, 0.5 - 2.0**-24, 2.0**-24, 2.0**-24], tf.float64)
    then = tf.constant([0.1, 0.1, 0.75, 0.2], tf.float64)
    np.testing.assert_array_equal(number_of_flips(cell, then), [0, 1, 23, 25])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_inverse_keeps_its_tolerance_where_the_iteration_is_slowest(dtype, tolerance, sign):
    # g(x) = c x converges by c in each step, with steps that add up (c < 0) or alternate (c > 0).
    z = tf.cast(points(50), dtype)
    contraction = tf.constant(sign * 0.98, dtype)
    x = residual.fixed_point(lambda x: contraction * x, z, 0.98, 1)
    expected = z.numpy().astype(np.float64) / (1 + sign * 0.98)
    errors = np.linalg.norm(x - expected, axis=1) / np.linalg.norm(expected, axis=1)
    # Rounding of z - g(x) adds to the tolerance; the slope of the inverse, 50, enlarges it.
    assert errors.max() < 2 * tolerance


def test_iteration_that_stops_early_is_seen_to_fail(monkeypatch):
    monkeypatch.setattr(residual, "TOLERANCES", {tf.float64: 1e-3})
    with pytest.raises(AssertionError):
        test_inverse_keeps_its_tolerance_where_the_iteration_is_slowest("float64", 1e-12, -1.0)


def test_a_row_is_inverted_alone():
    z = points(50) * tf.constant(np.geomspace(1e-6, 1e6, 50)[:, None])
    together = linear().forward(z)
    for row in (0, 25, 49):
        np.testing.assert_array_equal(linear().forward(z[row : row + 1]), together[row : row + 1])


def test_derivatives_of_the_inverse_are_those_of_the_implicit_function():
    # x (I + A) = z: dx/dz = (I + A)^-1, and the derivative in a weight that scales A.
    z, inverse = points(4), np.linalg.inv(np.eye(3) + MATRIX)
    scale = tf.constant(1.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([z, scale])
        total = tf.reduce_sum(linear(scale * MATRIX).forward(z)[:, 0])
    in_z, in_scale = tape.gradient(total, [z, scale])
    np.testing.assert_allclose(in_z, np.tile(inverse[:, 0], (4, 1)), atol=1e-11)
    np.testing.assert_allclose(in_scale, -np.sum((z @ inverse @ MATRIX @ inverse)[:, 0]), atol=1e-10)


def test_untrained_flow_only_normalizes():
    model = zoo.create("residual", Event((3,)), blocks=2, width=8)
    x = np.random.default_rng(0).normal(5, 2, size=(256, 3)).astype(np.float32)
    model.initialize(x)
    np.testing.assert_allclose(model.encode(x), (x - x.mean(0)) / x.std(0), atol=1e-4)


def test_log_det_of_every_block_is_within_the_bounds_of_its_lipschitz_constant():
    # 1811.00995: D log(1 - L) <= log |det| <= D log(1 + L).
    with float64():
        layer = layers.Residual(LipschitzNet(width=8, sizes=(1, 1, 1), lipschitz=0.7))
        layer.build((None, 4))
        random = np.random.default_rng(0)
        for weight in layer.trainable_variables:
            weight.assign(3 * random.normal(size=weight.shape))
        log_det = layer.bijector().inverse_log_det_jacobian(points(500, 4), event_ndims=1).numpy()
    assert log_det.std() > 1e-3
    assert np.all(log_det > 4 * np.log(0.3))
    assert np.all(log_det < 4 * np.log(1.7))


@pytest.mark.slow
def test_score_of_images_is_called_an_estimate_and_that_of_vectors_is_not():
    vector, image = (make(Case("residual", EVENTS[kind])) for kind in ("vector", "image"))
    assert (vector.score_kind, image.score_kind) == ("exact", "estimate of a bound")
    x = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(InputError, match=r"`num_importance_samples` to be 1: .* would not tighten"):
        image.log_prob(x, num_importance_samples=2)
    assert np.any(image.log_prob(x, seed=1) != image.log_prob(x, seed=2))


@pytest.mark.parametrize("lipschitz", [0.0, 1.0])
def test_constant_that_is_no_contraction_is_refused(lipschitz):
    with pytest.raises(InputError, match=r"`lipschitz` to be in \(0, 1\)\. Received: lipschitz="):
        zoo.create("residual", Event((2,)), lipschitz=lipschitz)


def test_exact_log_det_of_images_is_refused():
    network = LipschitzNet(width=4, sizes=(3, 3))
    with pytest.raises(
        InputError, match=r"log_det='estimate' for events that are not vectors\. Received: log_det='exact'"
    ):
        layers.Residual(network).build((None, 4, 4, 1))
