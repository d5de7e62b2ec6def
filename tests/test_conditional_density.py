"""The example of two moons: its posteriors are calibrated as the exact ones are; narrower ones are seen to fail."""

import numpy as np
import pytest
from PIL import Image

from examples import conditional_density as example

SAMPLES = 99


def exact(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draws `[rows, SAMPLES, 2]` from the exact posteriors, and the share `[rows]` of tries within the prior's bounds.

    An observation is a point of the moon, and a place that the parameters determine up to the sign of their sum.
    """
    random, draws, shares = np.random.default_rng(0), [], []
    for point in x:
        tries, found = 2000, np.zeros((0, 2))
        while len(found) < SAMPLES:
            tries *= 2
            theta = attempts(point, tries, random)
            found = theta[np.abs(theta).max(axis=1) <= 1]
        draws.append(found[:SAMPLES])
        shares.append(len(found) / tries)
    return np.stack(draws), np.array(shares)


def attempts(x: np.ndarray, tries: int, random: np.random.Generator) -> np.ndarray:
    """Parameters `[tries, 2]` that make the observation `x` from points of the moon; NaN where there are none."""
    angle, radius = random.uniform(-np.pi / 2, np.pi / 2, tries), random.normal(0.1, 0.01, tries)
    size = np.sqrt(2) * (radius * np.cos(angle) + 0.25 - x[0])
    total = np.where(size >= 0, size, np.nan) * random.choice([-1, 1], tries)
    difference = np.sqrt(2) * (x[1] - radius * np.sin(angle))
    return np.stack([total - difference, total + difference], axis=1) / 2


def exact_log_density(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log-densities `[rows]` of the exact posteriors at the true parameters."""
    place = np.stack([-np.abs(theta.sum(1)), theta[:, 1] - theta[:, 0]], axis=1) / np.sqrt(2)
    radius = np.linalg.norm(x - place - [0.25, 0.0], axis=1)
    of_radius = -0.5 * ((radius - 0.1) / 0.01) ** 2 - np.log(0.01 * np.sqrt(2 * np.pi))
    return of_radius - np.log(np.pi * radius) - np.log(2) - np.log(exact(x)[1])


def narrower(draws: np.ndarray) -> np.ndarray:
    """The mutant: draws that are too close to the mean of their posterior."""
    mean = draws.mean(axis=1, keepdims=True)
    return mean + 0.8 * (draws - mean)


def p_values(theta: np.ndarray, draws: np.ndarray) -> np.ndarray:
    return example.uniformity(example.ranks(theta, draws), SAMPLES)


def test_exact_posteriors_are_calibrated_and_narrower_ones_are_not():
    theta, x = example.simulate(1000, seed=1)
    draws, _ = exact(x)
    assert (p_values(theta, draws) > 1e-3).all()
    assert (p_values(theta, narrower(draws)) < 1e-6).all()


def test_observation_is_a_point_of_the_half_moon_of_its_parameters():
    theta, x = example.simulate(500, seed=0)
    assert np.abs(theta).max() < 1
    for (first, second), point in zip(theta, x, strict=True):
        moon = point - [-abs(first + second) / 2**0.5, (-first + second) / 2**0.5] - np.array([0.25, 0])
        assert moon[0] >= 0
        assert np.hypot(*moon) == pytest.approx(0.1, abs=0.05)


def test_coverage_is_the_share_of_smaller_levels():
    masses, shares = example.coverage(np.array([0.05, 0.5, 0.5, 0.95]))
    assert np.interp([0.04, 0.06, 0.49, 0.6, 0.96], masses, shares).tolist() == [0, 0.25, 0.25, 0.75, 1]


@pytest.mark.slow
def test_posteriors_of_the_flow_are_calibrated(tmp_path):
    estimator = example.fit(simulations=100_000, steps=5000)
    theta, x = example.simulate(1000, seed=1)
    draws = example.posteriors(estimator, x, SAMPLES)
    assert draws.shape == (1000, SAMPLES, 2)
    assert np.abs(draws).max() <= 1
    good, bad = p_values(theta, draws), p_values(theta, narrower(draws))
    gap = np.mean(exact_log_density(theta, x)) - estimator.score(theta, context=x)
    curve = example.coverage(example.levels(estimator, theta, x, draws))
    apart = np.abs(curve[1] - curve[0]).max()
    print(f"p-values {good}, narrower {bad}; {gap:.3f} nats below the exact posterior; coverage off by {apart:.3f}")
    assert (good > 1e-3).all()
    assert (bad < 1e-6).all()
    assert -0.02 < gap < 0.2
    assert apart < 0.1
    example.figures.save(example.picture(draws[0], theta[0], curve), tmp_path / "coverage.png")
    assert np.std(np.asarray(Image.open(tmp_path / "coverage.png"))) > 0
