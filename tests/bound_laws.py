"""Laws of latent-variable models, whose score is a bound: each replaces a law that holds for flows only."""

import numpy as np
import tensorflow as tf

from tests.cases import Case, events, kept, make, repeated, widened
from tfflows import noise
from tfflows.models import LatentVariableModel
from tfflows.models.latent import Inference


def more_importance_samples_tighten_the_bound(case: Case) -> None:
    """Replaces "sampling inverts density": `decode` of `encode` is a likely event, not the same one."""
    model = kept(case)
    x, conditions = events(case, 64)
    fewer, more = (np.concatenate([_score(model, x, conditions, k, seed) for seed in range(8)]) for k in (1, 8))
    assert (more - fewer).mean() > 2 * (more - fewer).std() / np.sqrt(len(more)), "no gain"
    decoded = model.decode(model.encode(x, **conditions), **conditions).numpy()
    assert decoded.shape == x.shape
    assert decoded.dtype == x.dtype
    assert np.isfinite(decoded.astype(float)).all()


def _score(model, x, conditions, num, seed):
    return model.log_prob(x, **conditions, num_importance_samples=num, seed=seed).numpy()


def posterior_and_prior_have_the_same_mass(case: Case) -> None:
    """Replaces the laws of log-determinants: draws from the posterior and the prior have the densities they report."""
    x, conditions = events(case, 1)
    assert_same_mass(make(case), x, conditions)


def assert_same_mass(model: LatentVariableModel, x: np.ndarray, conditions: dict, n: int = 20_000) -> None:
    """The mean of `p(z) / q(z | x)` over `n` draws from the posterior of one event is 1, within 4 standard errors."""
    ratio = np.exp(-draws(widened(model), x, conditions, n).log_ratio.numpy().astype(np.float64))
    error = ratio.std() / np.sqrt(n)
    assert error < 0.02, "too few draws to say"
    assert abs(ratio.mean() - 1) < 4 * error


def draws(model: LatentVariableModel, x: np.ndarray, conditions: dict, n: int, seed: int = 0) -> Inference:
    """`n` draws from the posterior of one event."""
    x, condition = model.checked(x, **conditions)
    features = model.recognize(model._scaled(x)[0], condition)
    features = tf.nest.map_structure(lambda part: tf.repeat(part, n, axis=0), features)
    condition = None if condition is None else tf.repeat(condition, n, axis=0)
    return model.infer(features, condition, noise.split(noise.seed_pair(seed), n), training=False)


def temperature_narrows_what_is_drawn(case: Case) -> None:
    """Replaces "temperature scales the latent": at 0 all draws have the same outputs, and above it they spread."""
    model = kept(case)
    condition = model.condition(**repeated(case, 64))
    seeds = noise.split(noise.seed_pair(0), 64)
    cold, cool, warm = (
        model.draw(seeds, tf.fill([64], t), condition).numpy().std(axis=0).mean() for t in (0.0, 0.5, 1.0)
    )
    assert cold < 1e-5 < cool < warm
