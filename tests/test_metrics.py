"""Units: published scores convert into each other."""

import math

import numpy as np
import pytest

from tfflows.events import Event
from tfflows.metrics import bits_per_dim, lower_quantile, nll, rescaled_log_prob

MNIST, CIFAR = Event((28, 28, 1), "uint8", 256), Event((32, 32, 3), "uint8", 256)


def test_uniform_pixels_have_as_many_bits_as_they_are_stored_in():
    assert bits_per_dim(-CIFAR.size * math.log(256), CIFAR) == pytest.approx(8)
    assert bits_per_dim(-64 * math.log(17), Event((8, 8, 1), "uint8", 17)) == pytest.approx(math.log2(17))


def test_published_nats_and_bits_of_nice_are_the_same_score():
    # 1410.8516, section 5.1: 1980.50 nats of MNIST in [0, 1] and 5371.78 of CIFAR-10 in [-1, 1]; later papers have 4.36
    # and 4.48 bits/dim.
    assert bits_per_dim(rescaled_log_prob(1980.50, MNIST, scale=256), MNIST) == pytest.approx(4.36, abs=5e-3)
    assert bits_per_dim(rescaled_log_prob(5371.78, CIFAR, scale=128), CIFAR) == pytest.approx(4.48, abs=5e-3)


def test_higher_likelihood_is_lower_loss():
    assert nll(-3.0) == 3.0


def test_an_impossible_event_does_not_make_outliers_of_all():
    scores = np.array([-np.inf, *range(99)], np.float32)
    assert lower_quantile(scores, 0.01) == 0
    assert lower_quantile(scores, 0.005) == -np.inf
