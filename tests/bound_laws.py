"""Laws of models with a latent variable, whose score is a bound: each stands in for one that only a flow can obey."""

import numpy as np
import tensorflow as tf

from tests.cases import Case, events, make
from tfflows import noise


def more_importance_samples_tighten_the_bound(case: Case) -> None:
    """For sampling inverts density: `decode` of `encode` is a likely event, not the same one."""
    model = make(case)
    x, label = events(case, 64)
    fewer, more = (np.concatenate([_score(model, x, label, k, seed) for seed in range(8)]) for k in (1, 8))
    assert (more - fewer).mean() > (more - fewer).std() / np.sqrt(len(more)), "no gain"
    decoded = model.decode(model.encode(x, label), label).numpy()
    assert decoded.shape == x.shape
    assert decoded.dtype == x.dtype
    assert np.isfinite(decoded.astype(float)).all()


def _score(model, x, label, num, seed):
    return model.log_prob(x, label, num_importance_samples=num, seed=seed).numpy()


def posterior_and_prior_have_the_same_mass(case: Case) -> None:
    """For log-dets: the mean of `p(z) / q(z | x)` over the posterior is 1, if both have the densities they claim."""
    model, n = make(case), 20_000
    x, label = events(case, 1)
    context = model._context(None if label is None else tf.constant(label))
    features = model.recognize(model._scaled(tf.constant(x))[0], context)
    features = tf.nest.map_structure(lambda part: tf.repeat(part, n, axis=0), features)
    context = None if context is None else tf.repeat(context, n, axis=0)
    found = model.infer(features, context, noise.split(noise.seed_pair(0), n), training=False)
    ratio = np.exp(-found.log_ratio.numpy().astype(np.float64))
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(n)
    # The closed form of the KL, where there is one, is the mean of its log.
    kl = found.kl.numpy().sum(-1)
    difference = kl - found.log_ratio.numpy()
    assert abs(difference.mean()) <= 4 * difference.std() / np.sqrt(n)


def temperature_narrows_what_is_drawn(case: Case) -> None:
    """For temperature scales the latent: at 0 every draw has the same outputs, and they spread from there."""
    model = make(case)
    context = None if not case.event.classes else tf.one_hot(tf.ones(64, tf.int32), case.event.classes)
    seeds = noise.split(noise.seed_pair(0), 64)
    cold, cool, warm = (
        model.draw(seeds, tf.fill([64], t), context).numpy().std(axis=0).mean() for t in (0.0, 0.5, 1.0)
    )
    assert cold < 1e-5 < cool < warm
