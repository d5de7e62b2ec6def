"""Likelihoods are distributions: they add up to 1, their samples have their probabilities, and nothing overflows."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfflows.events import Event
from tfflows.likelihoods import Bernoulli, DiscretizedLogistic, GaussianLikelihood, likelihood

DISCRETE = [(Bernoulli(), 2), (DiscretizedLogistic(2), 2), (DiscretizedLogistic(8), 8), (DiscretizedLogistic(256), 256)]
IDS = ["bernoulli", *(f"logistic-{levels}" for _, levels in DISCRETE[1:])]
REACH = (-1e4, -30.0, -1.0, -0.2, 0.0, 0.3, 2.0, 30.0, 1e4)


def outputs_of(kind, reach=REACH, dtype=np.float64):
    """All combinations of a decoder's outputs for an entry, `[batch, size]`."""
    return tf.constant(list(itertools.product(reach, repeat=kind.size)), dtype)


def log_probs(kind, outputs, values):
    """Nats of each value under each row of outputs, `[batch, values]`."""
    columns = [kind.log_prob(outputs, tf.fill([len(outputs), 1], tf.constant(v, outputs.dtype))) for v in values]
    return tf.stack(columns, axis=1)


@pytest.mark.parametrize(("kind", "levels"), DISCRETE, ids=IDS)
def test_probabilities_add_up_to_1(kind, levels):
    total = tf.reduce_sum(tf.exp(log_probs(kind, outputs_of(kind), range(levels))), axis=1)
    np.testing.assert_allclose(total, 1, rtol=1e-9)


def test_gaussian_integrates_to_1():
    kind, x = GaussianLikelihood(), np.linspace(-12, 12, 4001)
    for mean, log_std in outputs_of(kind, (-1e4, -30.0, -0.5, 0.0, 1.0, 30.0)).numpy():
        std = np.exp(5 * np.tanh(log_std / 5))
        outputs = tf.constant([[mean, log_std]] * len(x), tf.float64)
        density = np.exp(kind.log_prob(outputs, tf.constant((mean + std * x)[:, None])))
        assert density.sum() * std * (x[1] - x[0]) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(("kind", "levels"), DISCRETE, ids=IDS)
def test_a_sample_has_its_probability(kind, levels):
    # The `u` that give at most `k` are those up to P(x <= k): below that the sample is at most `k`, and above it more.
    outputs = outputs_of(kind)
    below = np.cumsum(np.exp(log_probs(kind, outputs, range(levels))), axis=1)
    for k in range(levels - 1):
        for side, holds in ((-1e-7, np.less_equal), (1e-7, np.greater)):
            u = below[:, k] + side
            seen = (u > 0) & (u < 1)
            drawn = kind.quantile(outputs, tf.constant(np.clip(u, 1e-12, 1 - 1e-12)[:, None]))[:, 0]
            assert np.all(holds(drawn, k)[seen])


def test_a_gaussian_sample_has_its_probability():
    kind, u = GaussianLikelihood(), np.linspace(0.001, 0.999, 999)
    outputs = tf.constant([[0.7, -1.3]] * len(u), tf.float64)
    x = kind.quantile(outputs, tf.constant(u[:, None]))
    # The slope of the quantile is the inverse of the density.
    slope = np.gradient(x[:, 0], u)[100:-100]
    np.testing.assert_allclose(1 / slope, np.exp(kind.log_prob(outputs, x))[100:-100], rtol=1e-4)
    np.testing.assert_allclose(x[499], kind.center(outputs)[499])


@pytest.mark.parametrize(("kind", "levels"), [*DISCRETE, (GaussianLikelihood(), 256)], ids=[*IDS, "gaussian"])
def test_far_outputs_have_finite_values_and_gradients(kind, levels):
    outputs = outputs_of(kind, dtype=np.float32)
    for value in {0, 1, levels // 2, levels - 1}:
        x = tf.fill([len(outputs), 1], np.float32(value))
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            score = kind.log_prob(outputs, x)
        assert np.all(np.isfinite(score))
        assert np.all(np.isfinite(tape.gradient(score, outputs)))
    for u in (2.0**-24, 0.5, 1 - 2.0**-24):  # the ends of `noise.uniform`
        drawn = kind.quantile(outputs, tf.fill([len(outputs), 1], np.float32(u)))
        assert np.all(np.isfinite(drawn))
        assert isinstance(kind, GaussianLikelihood) or set(np.unique(drawn)) <= set(range(levels))


@pytest.mark.parametrize("levels", [2, 8, 256])
def test_discretised_logistic_is_the_difference_of_two_sigmoids(levels):
    kind = DiscretizedLogistic(levels)
    outputs = outputs_of(kind, (-0.4, 0.0, 0.1, 0.5))
    mean = (levels - 1) * (0.5 + outputs[:, :1])
    scale = 0.1 * levels * tf.exp(5 * tf.tanh(outputs[:, 1:] / 5))
    x = np.arange(levels)[None]
    upper = np.where(x == levels - 1, 1, tf.sigmoid((x + 0.5 - mean) / scale))
    lower = np.where(x == 0, 0, tf.sigmoid((x - 0.5 - mean) / scale))
    np.testing.assert_allclose(np.exp(log_probs(kind, outputs, range(levels))), upper - lower, rtol=1e-9, atol=1e-15)


def test_entries_of_an_event_are_independent_and_have_their_own_numbers():
    kind = DiscretizedLogistic(8)
    outputs = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 2, 4)))
    x = tf.constant(np.random.default_rng(1).integers(0, 8, (3, 2, 2, 2)).astype(float))
    entries = [
        kind.log_prob(tf.stack([outputs[:, i, j, c], outputs[:, i, j, 2 + c]], -1), x[:, i, j, c, None])
        for i, j, c in itertools.product(range(2), repeat=3)
    ]
    np.testing.assert_allclose(kind.log_prob(outputs, x), tf.add_n(entries))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (Event((2,)), GaussianLikelihood),
        (Event((2, 2, 1), "uint8", 2), Bernoulli),
        (Event((2, 2, 1), "uint8", 3), DiscretizedLogistic),
        (Event((2, 2, 3), "uint8", 256), DiscretizedLogistic),
    ],
)
def test_an_event_gets_the_likelihood_that_suits_it(event, kind):
    found = likelihood(event)
    assert type(found) is kind
    assert getattr(found, "levels", event.levels) == event.levels
