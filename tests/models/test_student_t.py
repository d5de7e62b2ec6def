"""Flows whose latents have Student's t distribution, with degrees of freedom that are trained."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfflows import noise
from tfflows.events import Event
from tfflows.layers import ActNorm
from tfflows.models import Flow, bases


def flow(base: str = "student_t", *, log_df: float | None = None, size: int = 1) -> Flow:
    """A flow of one layer, x = 2 * z + 1."""
    keras.utils.set_random_seed(0)
    model = Flow(Event((size,)), [ActNorm()], base=base)
    model.initialize(np.random.default_rng(0).normal(size=(64, size)))
    model.flow_layers[0].shift.assign(tf.fill([size], -0.5))
    model.flow_layers[0].log_scale.assign(tf.fill([size], -math.log(2)))
    if log_df is not None:
        model.log_df.assign(tf.fill([size], log_df))
    return model


def density_is_that_of_scipy():
    x = np.linspace(-20, 20, 41)[:, None].astype(np.float32)
    np.testing.assert_allclose(flow().log_prob(x), stats.t(10, 1, 2).logpdf(x)[:, 0], rtol=1e-4, atol=1e-4)
    expected = stats.t(3, 1, 2).logpdf(x)[:, 0]
    np.testing.assert_allclose(flow(log_df=math.log(3)).log_prob(x), expected, rtol=1e-4, atol=1e-4)


def density_integrates_to_one():
    t = np.linspace(-11, 11, 2001)
    x = (1 + np.sinh(t))[:, None].astype(np.float32)
    mass = np.exp(flow(log_df=math.log(2)).log_prob(x).numpy()) @ np.cosh(t) * (t[1] - t[0])
    assert abs(mass - 1) < 1e-3


def samples_have_the_quantiles_of_scipy():
    model = flow(log_df=math.log(3))
    u = noise.uniform(noise.split(noise.seed_pair(0), 500), (1,), tf.float32).numpy()
    drawn = model.sample(500, seed=0).numpy()
    np.testing.assert_allclose(drawn, stats.t(3, 1, 2).ppf(u), rtol=1e-3, atol=1e-3)
    assert stats.kstest(model.sample(5000, seed=1).numpy()[:, 0], stats.t(3, 1, 2).cdf).pvalue > 1e-3


def degrees_of_freedom_are_trained():
    model = flow(size=2)
    assert any(variable is model.log_df for variable in model.trainable_variables)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.log_prob_fn(tf.constant([[9.0, 1.0], [-3.0, 1.5]]), None, noise.seed_pair(0)))
    slope = tape.gradient(loss, model.log_df)
    assert slope is not None
    assert slope[0] < 0 < slope[1]  # far values want fewer degrees of freedom, near ones more


def heavy_tails_fit_heavy_tails():
    x = stats.t(2).rvs((512, 1), random_state=0).astype(np.float32)
    losses = {}
    for base in ("normal", "student_t"):
        model = Flow(Event((1,)), [ActNorm()], base=base)
        model.compile(keras.optimizers.Adam(0.05))
        model.fit(x, epochs=25, batch_size=512, verbose=0)
        losses[base] = model.evaluate(x, verbose=0)
    assert losses["student_t"] < losses["normal"] - 0.1
    assert np.exp(model.log_df.numpy()[0]) < np.exp(bases.LOG_DEGREES_OF_FREEDOM) - 2


LAWS = [
    density_is_that_of_scipy,
    density_integrates_to_one,
    samples_have_the_quantiles_of_scipy,
    degrees_of_freedom_are_trained,
    heavy_tails_fit_heavy_tails,
]


@pytest.mark.parametrize("law", LAWS)
def test_law(law):
    law()


def log_df_instead_of_df(patch):
    patch.setattr(bases, "distribution", with_log_df(lambda log_df: tf.math.log(log_df + 1.5)))


def degrees_are_constant(patch):
    patch.setattr(bases, "distribution", with_log_df(tf.stop_gradient))


def degrees_are_infinite(patch):
    patch.setattr(bases, "distribution", with_log_df(lambda log_df: 0 * log_df + 12.0))


def with_log_df(change):
    method = bases.distribution

    def mutant(base, size, dtype, log_df=None):
        return method(base, size, dtype, None if log_df is None else change(tf.convert_to_tensor(log_df)))

    return mutant


def density_is_scaled(patch):
    method = Flow.log_prob_fn
    patch.setattr(Flow, "log_prob_fn", lambda self, *given, **more: method(self, *given, **more) + 0.01)


MUTANTS = [
    (log_df_instead_of_df, density_is_that_of_scipy),
    (log_df_instead_of_df, samples_have_the_quantiles_of_scipy),
    (degrees_are_constant, degrees_of_freedom_are_trained),
    (degrees_are_infinite, heavy_tails_fit_heavy_tails),
    (density_is_scaled, density_integrates_to_one),
]


@pytest.mark.parametrize(("mutant", "law"), MUTANTS)
def test_law_catches_mutant(mutant, law, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        law()
