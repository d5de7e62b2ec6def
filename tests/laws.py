"""The laws: what holds for every architecture. Each takes a `Case` and fails with an AssertionError.

`test_laws.py` runs them over the registry, `test_mutants.py` shows that each can fail.
"""

import collections
import contextlib
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests import cases, training_laws
from tests.cases import Case, continuous, events, float64, flow_of, kept, make, repeated, taken, widened
from tests.condition_laws import CONDITION_LAWS, each_condition_matters
from tests.keras_laws import KERAS_LAWS
from tests.serving_laws import saved_model_is_the_model
from tests.training_laws import (
    train_step_compiles_under_xla,
    two_replicas_train_as_one,
    unit_of_the_data_does_not_matter,
)
from tfflows import noise
from tfflows.errors import InputError


def sampling_inverts_density(case: Case) -> None:
    model = kept(case)
    x, conditions = events(case, 8)
    z = model.encode(x, **conditions)
    # tf.identity, and a new bijector for each direction: TFP caches its results, and would return them.
    back = model.decode(tf.identity(z), **conditions).numpy()
    np.testing.assert_allclose(back, x, atol=0 if case.event.discrete else 1e-4)
    again = model.encode(model.sample(8, **conditions, seed=3), **conditions).numpy()
    assert np.isfinite(again).all()
    if not case.event.discrete:
        latent = model.base_distribution().distribution.quantile(_uniform(model, 8, seed=3))
        np.testing.assert_allclose(again, latent, atol=1e-3)


def _uniform(model, n, seed):
    return noise.uniform(noise.split(noise.seed_pair(seed), n), model.latent_shape, tf.float32)


def log_det_is_that_of_the_jacobian(case: Case) -> None:
    with float64():
        model = flow_of(make(case))
        x, conditions = continuous(case, 3)
        ndims, condition = len(case.event.shape), model.condition(**conditions)
        z = tf.identity(model.bijector(condition).inverse(x))
        inverse, forward = model.bijector(condition), model.bijector(condition)
        inverse_log_det = inverse.inverse_log_det_jacobian(tf.constant(x), event_ndims=ndims)
        forward_log_det = forward.forward_log_det_jacobian(z, event_ndims=1)
        np.testing.assert_allclose(inverse_log_det, jacobian_log_det(model, "inverse", x, condition), atol=1e-6)
        np.testing.assert_allclose(forward_log_det, jacobian_log_det(model, "forward", z, condition), atol=1e-6)


def jacobian_log_det(model, direction, x, condition):
    """`log |det|` of the Jacobian that autodiff computes of a bijector, `[batch]`."""
    size = model.event.size
    x, condition = (None if part is None else tf.repeat(part, size, axis=0) for part in (x, condition))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = getattr(model.bijector(condition), direction)(x)
    unit_vectors = tf.tile(tf.eye(size, dtype=y.dtype), [len(x) // size, 1])  # of `y`: one for each repetition of a row
    jacobian = tape.gradient(y, x, tf.reshape(unit_vectors, y.shape))
    return np.linalg.slogdet(np.reshape(jacobian, [-1, size, size]))[1]


def every_weight_gets_a_finite_gradient(case: Case) -> None:
    model = kept(case)
    x, conditions = events(case, 16)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(model.log_prob_fn(*model.checked(x, **conditions), noise.seed_pair(0)))
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None, f"{variable.path} is left out"
        assert np.isfinite(gradient).all(), f"{variable.path} has a gradient that is not finite"
        assert np.any(gradient), f"{variable.path} has a gradient of zeros"


def each_event_is_scored_alone(case: Case) -> None:
    model = make(case)
    x, conditions = events(case, 8)
    together = model.log_prob(x, **conditions).numpy()
    order = np.random.default_rng(0).permutation(8)
    shuffled = model.log_prob(x[order], **taken(conditions, order)).numpy()
    np.testing.assert_allclose(shuffled, together[order], rtol=1e-5)
    alone = model.log_prob(x[3:4], **taken(conditions, slice(3, 4))).numpy()
    np.testing.assert_allclose(alone, together[3:4], rtol=1e-5)


def each_network_runs_once(case: Case) -> None:
    model = kept(case)
    x, conditions = events(case, 2)
    counts = collections.Counter()
    original = keras.layers.Layer.__call__

    def counted(self, *args, **kwargs):
        counts[self.path] += 1
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.layers.Layer, "__call__", counted)
        model.log_prob_fn(*model.checked(x, **conditions), noise.seed_pair(0))
        if case.exact and not case.event.discrete:
            first = max(counts.values(), default=0)
            counts.clear()
            model.distribution(**conditions).log_prob(x)
            assert max(counts.values(), default=0) == first, "distribution() runs networks more often"
    # An inverse autoregressive density reads the weights of its networks without calling them, as its row says; the
    # passes of a solver vary.
    passes = {"1": 1, "sequential": 0, "D": case.event.size}.get(case.row.log_prob_cost.passes)
    assert passes is None or max(counts.values(), default=passes) == passes, counts.most_common(3)


def weights_round_trip(case: Case) -> None:
    model, other = make(case), make(case, seed=1)
    x, conditions = events(case, 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        other.load_weights(path)
    assert len(model.variables) == len(other.variables) > 0
    for mine, theirs in zip(model.variables, other.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    scores = (one.log_prob_fn(*one.checked(x, **conditions), noise.seed_pair(0)) for one in (model, other))
    np.testing.assert_array_equal(*scores)


def same_seed_same_sample(case: Case) -> None:
    model = kept(case)
    conditions = repeated(case, 6)
    first, again = (model.sample(6, **conditions, seed=1).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.any(model.sample(6, **conditions, seed=2).numpy() != first)
    assert np.any(first[0] != first[1])
    seeds = noise.split(noise.seed_pair(1), 6)
    alone = model.sample_fn(seeds[4:5], tf.ones([1]), model.condition(**repeated(case, 1)))
    np.testing.assert_allclose(alone.numpy().astype(float), first[4:5].astype(float), rtol=1e-5)


def temperature_scales_the_latent(case: Case) -> None:
    model = kept(case)
    conditions = repeated(case, 6)
    drawn = [model.sample(6, **conditions, seed=1, temperature=t) for t in (1.0, 0.5)]
    hot, cool = (model.encode(x, **conditions).numpy() for x in drawn)
    np.testing.assert_allclose(cool, 0.5 * hot, atol=1e-4)


def density_integrates_to_one(case: Case) -> None:
    _, _, mass, _ = _on_grid(case)
    assert abs(mass.sum() - 1) < 2e-3


def samples_agree_with_density(case: Case) -> None:
    model, log_density, mass, grid = _on_grid(case)
    conditions = repeated(case, 20_000)
    samples = model.sample(20_000, **conditions, seed=0).numpy()
    scores = model.log_prob(samples, **conditions, num_importance_samples=case.samples).numpy()
    # Means under the samples and under the density, of functions with light tails.
    pairs = [(np.arcsinh(samples), np.arcsinh(grid)), (np.sin(samples), np.sin(grid))]
    pairs += [(np.sin(samples).prod(-1, keepdims=True), np.sin(grid).prod(-1, keepdims=True))]
    pairs += [(scores[:, None], log_density[:, None])]
    for drawn, gridded in pairs:
        error = drawn.std(0) / np.sqrt(len(drawn))
        assert np.all(np.abs(drawn.mean(0) - mass @ gridded) < 4 * error + 2e-3)


@functools.lru_cache(maxsize=1)
def _on_grid(case):
    """A model whose density is exact or becomes so with more importance samples; its log-density and its density times
    cell size on the grid `sinh(t)`, which is fine in the middle and extends to 548, or to 74; and the grid.
    """
    model = kept(case) if case.exact else widened(make(case))
    # The mean importance weight of a bound is unbiased for any number of samples, and the grid averages its noise.
    reach, points = (7.0, 401) if case.exact else (5.0, 251)
    t = np.linspace(-reach, reach, points)
    axis, width = np.sinh(t).astype(np.float32), np.cosh(t) * (t[1] - t[0])
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    conditions = repeated(case, len(grid))
    log_density = model.log_prob(grid, **conditions, num_importance_samples=case.samples).numpy().astype(np.float64)
    return model, log_density, np.exp(log_density) * np.outer(width, width).ravel(), grid


def bad_input_is_named(case: Case) -> None:
    model = kept(case)
    x, conditions = events(case, 4)
    with pytest.raises(InputError, match=r"`x` of shape \[batch, .*Received: shape="):
        model.log_prob(x[:, :-1], **conditions)
    unsound = x.astype(np.float32)
    unsound[1, 0] = np.nan
    with pytest.raises(InputError, match=r"`x` to be .*Received: x\[1, 0.*\]=nan\.$"):
        model.log_prob(unsound, **conditions)
    if case.event.discrete:
        unsound[1, 0] = case.event.levels
        with pytest.raises(InputError, match=rf"integers in 0\.\.{case.event.levels - 1}.*x\[1, 0, 0, 0\]=8\.0"):
            model.log_prob(unsound, **conditions)
    for temperature in (-1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match=r"`temperature`.*Received: temperature="):
            model.sample(2, **repeated(case, 2), temperature=temperature)
    for name, wrong in {"label": np.full(4, case.event.classes), "context": np.full((4, 2), np.inf)}.items():
        with pytest.raises(InputError, match=f"`{name}`"):
            model.log_prob(x, **{**conditions, name: wrong})
    with pytest.raises(InputError, match=r"`z` of shape"):
        model.decode(np.zeros((2, 1)), **repeated(case, 2))


def inputs_far_outside_have_finite_gradients(case: Case) -> None:
    model = kept(case)
    _, conditions = events(case, 3)
    for scale in (30.0, 1e4):
        x = scale * tf.constant([[1.0, -1.0], [0.0, 1.0], [-1.0, -0.5]])
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = model.log_prob_fn(x, model.condition(**conditions), noise.seed_pair(0))
        gradients = tape.gradient(score, [x, *model.trainable_variables])
        assert all(np.isfinite(part).all() for part in (score, *gradients)), f"at {scale:g}"


def data_dependent_weights_are_set_once(case: Case) -> None:
    keras.utils.set_random_seed(0)
    model = zoo.create(case.name, event=case.event, **case.settings)
    x, conditions = events(case, 32)
    if not model.initialized:
        for use in (lambda: model.sample(2, **repeated(case, 2)), lambda: model.log_prob(x, **conditions)):
            with pytest.raises(InputError, match=r"initialized: call model\.initialize\(batch\).*Received: model="):
                use()
    model.initialize(x, **conditions)
    assert model.initialized
    first = [variable.numpy() for variable in model.variables]
    model.initialize(x[7:14], **taken(conditions, slice(7, 14)))
    for before, after in zip(first, model.variables, strict=True):
        np.testing.assert_array_equal(before, after.numpy())


@contextlib.contextmanager
def nothing_kept() -> Iterator[None]:
    """A context that uses nothing of what laws keep of the last case, and leaves nothing."""
    caches = (cases.model_of, _on_grid, training_laws.plainly_fitted)
    try:
        for cache in caches:
            cache.cache_clear()
        yield
    finally:
        for cache in caches:
            cache.cache_clear()


LAWS = [
    sampling_inverts_density,
    log_det_is_that_of_the_jacobian,
    every_weight_gets_a_finite_gradient,
    each_event_is_scored_alone,
    each_network_runs_once,
    weights_round_trip,
    saved_model_is_the_model,
    same_seed_same_sample,
    temperature_scales_the_latent,
    density_integrates_to_one,
    samples_agree_with_density,
    bad_input_is_named,
    train_step_compiles_under_xla,
    two_replicas_train_as_one,
    inputs_far_outside_have_finite_gradients,
    data_dependent_weights_are_set_once,
    unit_of_the_data_does_not_matter,
    *KERAS_LAWS,
]

# Laws that a wrong use of label or context could break: in the networks, and on its way to them, which models share.
CONDITIONAL_LAWS = [
    log_det_is_that_of_the_jacobian,
    every_weight_gets_a_finite_gradient,
    bad_input_is_named,
    each_condition_matters,
]
ALL_CONDITIONAL_LAWS = [
    *CONDITIONAL_LAWS,
    *CONDITION_LAWS[1:],
    sampling_inverts_density,
    each_event_is_scored_alone,
    same_seed_same_sample,
    saved_model_is_the_model,
    *KERAS_LAWS,
]
