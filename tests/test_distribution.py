"""A flow as a TFP distribution: labels, seeds, memory, and its use in TFP."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfflows
from tests.cases import EVENTS, Case, events, make
from tfflows.errors import InputError
from tfflows.events import Event

tfd = tfp.distributions

VECTOR = Case("realnvp", EVENTS["vector"])


def test_what_was_evaluated_is_not_kept():
    distribution = make(VECTOR).distribution()
    seen = []
    for _ in range(3):
        x = tf.random.stateless_normal([1000, 2], [0, 1])
        seen.append(weakref.ref(x))
        distribution.log_prob(x)
    del x
    gc.collect()
    assert [reference() for reference in seen] == [None] * 3


def test_weights_are_read_in_each_call():
    model = make(VECTOR)
    distribution, x = model.distribution(), np.ones((1, 2), np.float32)
    before = distribution.log_prob(x).numpy()
    model.trainable_variables[0].assign_add(tf.ones_like(model.trainable_variables[0]))
    assert distribution.log_prob(x).numpy() != before
    np.testing.assert_allclose(distribution.log_prob(x), model.log_prob(x), rtol=1e-6)


@pytest.mark.parametrize("seed", [7, -7, 2**300 + 1, np.int64(7), np.uint8(7), [0, 7], tf.constant([0, 7])])
def test_a_seed_of_any_kind_repeats_the_sample(seed):
    distribution = make(VECTOR).distribution()
    np.testing.assert_array_equal(distribution.sample(3, seed=seed), distribution.sample(3, seed=seed))


def test_labels_are_the_batch():
    case = Case("realnvp", Event((2,), classes=3))
    model, (x, _) = make(case), events(case, 4)
    one, many = model.distribution(1), model.distribution([0, 1, 2])
    assert (one.batch_shape, many.batch_shape) == ((), (3,))
    np.testing.assert_allclose(one.log_prob(x), model.log_prob(x, np.ones(4, int)), rtol=1e-5)
    expected = np.stack([model.log_prob(x, np.full(4, label)) for label in range(3)], axis=1)
    np.testing.assert_allclose(many.log_prob(x[:, None]), expected, rtol=1e-5)
    assert many.sample(5, seed=[0, 1]).shape == (5, 3, 2)


def test_batch_is_sliced_and_seeded_as_that_of_other_distributions():
    case = Case("realnvp", Event((2,), classes=3))
    model, (x, _) = make(case), events(case, 3)
    many = model.distribution([0, 1, 2])
    assert (many[0].batch_shape, many[1:].batch_shape, many[..., :2].batch_shape) == ((), (2,), (2,))
    np.testing.assert_allclose(many[1].log_prob(x[1]), many.log_prob(x)[1], rtol=1e-5)
    np.testing.assert_allclose(many[1:].log_prob(x[1:]), many.log_prob(x)[1:], rtol=1e-5)
    pair = {"z": many, "y": tfp.distributions.Normal(0.0, 1.0)}
    joint = tfp.distributions.JointDistributionNamedAutoBatched(pair)
    assert joint.sample(7, seed=1)["z"].shape == (7, 3, 2)


def test_only_the_flow_of_pixels_has_a_distribution():
    model = make(Case("realnvp", EVENTS["image"]))
    assert not hasattr(model, "distribution")
    assert model.flow.distribution().event_shape == model.event.shape


def test_flow_is_a_target_of_hamiltonian_monte_carlo():
    target = make(VECTOR).distribution().log_prob
    kernel = tfp.mcmc.HamiltonianMonteCarlo(target, step_size=0.1, num_leapfrog_steps=2)
    states = tfp.mcmc.sample_chain(3, tf.zeros([4, 2]), kernel=kernel, trace_fn=None, seed=[0, 1])
    assert states.shape == (3, 4, 2)
    assert np.isfinite(states).all()


def test_samples_come_with_their_log_prob_in_one_pass():
    distribution = make(VECTOR).distribution()
    x, log_prob = distribution.experimental_sample_and_log_prob((2, 3), seed=[0, 1])
    assert (x.shape, log_prob.shape) == ((2, 3, 2), (2, 3))
    np.testing.assert_allclose(log_prob, distribution.log_prob(tf.identity(x)), rtol=1e-4)
    np.testing.assert_array_equal(x, distribution.sample((2, 3), seed=[0, 1]))


def test_events_come_with_their_log_likelihoods():
    flow = make(VECTOR)
    x, log_prob = flow.sample_and_log_prob(5, seed=3)
    np.testing.assert_allclose(x, flow.sample(5, seed=3), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_prob, flow.log_prob(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("base", "center"),
    [
        (tfd.MultivariateNormalDiag([5.0, -3.0], [2.0, 2.0]), [5.0, -3.0]),
        (tfd.Independent(tfd.Cauchy([5.0, -3.0], [1.0, 1.0]), 1), [0.0, 0.0]),  # which has no mean
        ("logistic", [0.0, 0.0]),
    ],
    ids=["normal", "cauchy", "logistic"],
)
def test_a_temperature_scales_about_the_center_of_the_base(base, center):
    flow = tfflows.Flow(Event((2,)), [], base=base)
    cold, warm = (flow.sample(3, seed=0, temperature=temperature) for temperature in (0.0, 0.5))
    np.testing.assert_allclose(cold, np.tile(center, (3, 1)))
    np.testing.assert_allclose(warm - center, (flow.sample(3, seed=0) - center) / 2, rtol=1e-5)


def test_a_base_that_could_not_be_loaded_is_not_saved(tmp_path):
    class Mine(tfd.MultivariateNormalDiag):
        """A distribution that `tfp.distributions` does not have."""

    flow = tfflows.Flow(Event((2,)), [], base=Mine([0.0, 0.0], [1.0, 1.0]))
    with pytest.raises(InputError, match=r"a class in tfp\.distributions.*distribution='Mine'"):
        flow.save(tmp_path / "flow.keras")
