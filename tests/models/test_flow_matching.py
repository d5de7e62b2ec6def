"""Flow matching: regression of the velocity, minibatch transport, and what it leaves alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, make
from tfflows import datasets, noise, training
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Continuous
from tfflows.models import Flow, FlowMatching
from tfflows.models.flow_matching import paired, transport_plan
from tfflows.networks import VelocityMLP
from tfflows.training import TrainSettings

SEED = noise.seed_pair(3)


def matched(**settings):
    model = make(Case("ffjord", EVENTS["vector"]))
    return model, FlowMatching(model, **settings)


def test_error_is_that_of_the_straight_path():
    model, objective = matched()
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 2)), tf.float32)
    act_norm, field = model.flow_layers
    seeds = noise.row_seeds(x, SEED)
    t = noise.uniform(noise.fold_in(seeds, noise.MATCHING), (1,), tf.float32)
    z = model.base_sample(noise.fold_in(seeds, noise.MATCHING - 1))
    y = act_norm(x)
    velocity = field.network(t, (1 - t) * y + t * z, None)
    expected = np.mean((velocity - (z - y)) ** 2, axis=-1)
    np.testing.assert_allclose(objective.matching_error(x, None, SEED), expected, rtol=1e-5)
    assert 0 < np.min(t) < np.max(t) < 1


def test_least_error_is_that_of_the_conditional_mean():
    # Data and latents are both N(0, I): the best velocity is E[z - x | (1 - t) x + t z = y] = y (2 t - 1) / s,
    # with s = (1 - t)^2 + t^2, and its error the mean over t of the conditional variance, 1 / s.
    model = zoo.create("ffjord", event=Event((2,)), width=8, depth=1)
    x = tf.constant(np.random.default_rng(0).normal(size=(40_000, 2)), tf.float32)
    model.initialize(x)
    objective = FlowMatching(model)

    def best(t, y, context):
        return y * (2 * t - 1) / ((1 - t) ** 2 + t**2)

    field = model.flow_layers[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(field.network), "call", lambda self, t, x, context=None: best(t, x, context))
        error = objective.matching_error(x, None, SEED).numpy()
    assert abs(error.mean() - np.pi / 2) < 4 * error.std() / np.sqrt(error.size) + 1e-3


def test_condition_is_hidden_in_some_rows_as_in_maximum_likelihood():
    event = Event((2,), classes=3)
    keras.utils.set_random_seed(0)
    layers = [Continuous(VelocityMLP(width=8, depth=1, context_size=3))]
    model = Flow(event, layers, condition_dropout=0.5)
    x, condition = tf.random.stateless_normal([64, 2], [0, 1]), tf.one_hot(tf.range(64) % 3, 3)
    model.initialize(x, tf.range(64) % 3)
    for variable in model.trainable_variables:
        variable.assign(tf.random.stateless_normal(variable.shape, [2, 3]))
    objective = FlowMatching(model)
    some, hidden = (objective.matching_error(x, given, SEED) for given in (condition, tf.zeros_like(condition)))
    assert 16 < np.sum(some == hidden) < 48
    model.condition_dropout = 0.0
    assert np.all(objective.matching_error(x, condition, SEED)[some == hidden] != hidden[some == hidden])


def test_layers_before_the_velocity_stay():
    model, objective = matched()
    field = [weight.path for weight in model.flow_layers[-1].trainable_variables]
    assert [weight.path for weight in objective.trainable_variables] == field
    assert len(model.trainable_variables) == len(field) + 2, "the flow itself stays as it is"
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(objective({"x": tf.random.stateless_normal([16, 2], [0, 1])}, training=True))
    assert all(np.any(part) for part in tape.gradient(loss, objective.trainable_variables))


def test_evaluation_is_the_log_likelihood():
    model, objective = matched()
    x = tf.random.stateless_normal([4, 2], [0, 1])
    np.testing.assert_allclose(objective({"x": x}), model.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(objective.nats_fn({"x": x}, SEED), model.log_prob(x), rtol=1e-5)


def test_transport_plan_has_equal_masses_and_little_cost():
    random = np.random.default_rng(0)
    x, z = (tf.constant(random.normal(size=(64, 2)), tf.float32) for _ in range(2))
    plan = transport_plan(x, z).numpy()
    np.testing.assert_allclose(plan.sum(0), 1, atol=0.1)
    np.testing.assert_allclose(plan.sum(1), 1, rtol=1e-5)
    cost = ((x.numpy()[:, None] - z.numpy()) ** 2).sum(-1)
    assert (plan * cost).sum() < 0.3 * cost.sum() / 64


def test_partners_are_near_and_are_the_latents_of_the_batch():
    x = tf.stack([10.0 * tf.range(6.0), tf.zeros(6)], axis=-1)  # far from each other
    seeds = noise.split(SEED, 6)
    np.testing.assert_array_equal(paired(x, tf.reverse(x + 1e-3, [0]), seeds), x + 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("optimal_transport", [False, True])
def test_training_raises_the_log_likelihood(optimal_transport, tmp_path):
    keras.utils.set_random_seed(0)
    data = datasets.load("toy/two_moons")
    model = zoo.create("ffjord", event=data.event, width=32, depth=2)
    settings = TrainSettings(
        steps=600,
        validate_every=600,
        batch_size=256,
        learning_rate=5e-3,
        ema=0.99,
        steps_per_execution=50,
        objective="flow_matching",
        optimal_transport=optimal_transport,
    )
    training.fit(model, data, settings, seed=0, workdir=tmp_path, verbose=0)
    x = np.concatenate([batch["x"] for batch in data.test.examples.batch(2000).take(1).as_numpy_iterator()])
    normal = -0.5 * np.log(np.linalg.det(2 * np.pi * np.e * np.cov(x.T)))
    assert np.mean(model.log_prob(x)) > normal + 0.1


@pytest.mark.parametrize(
    ("name", "settings"), [("realnvp", {}), ("ffjord", {"flows": 2})], ids=["no velocity", "two velocities"]
)
def test_other_flows_are_refused(name, settings):
    model = zoo.create(name, event=EVENTS["vector"], **settings)
    with pytest.raises(InputError, match=r"one velocity field, as its last layer.*Received: model="):
        FlowMatching(model)


def test_an_outlier_has_one_partner_and_the_others_keep_theirs():
    random = np.random.default_rng(0)
    x, z = random.normal(size=(2, 256, 2)).astype(np.float32)
    seeds = noise.row_seeds(tf.constant(x), SEED)
    plain = paired(tf.constant(x), tf.constant(z), seeds).numpy()
    x[7] = [1000.0, 0.0]
    partners = paired(tf.constant(x), tf.constant(z), seeds).numpy()
    assert len(np.unique(partners, axis=0)) > 0.8 * len(np.unique(plain, axis=0))


def test_a_condition_and_optimal_transport_are_refused():
    model = make(Case("ffjord", Event((2,), classes=2)))
    assert not FlowMatching(model).optimal_transport
    with pytest.raises(InputError, match=r"`optimal_transport` to be False with classes or a context"):
        FlowMatching(model, optimal_transport=True)


def test_a_frozen_field_has_the_same_density():
    model = make(Case("ffjord", EVENTS["vector"]))
    x = np.float32([[0.1, 0.2], [1.0, -1.0]])
    expected = model.log_prob(x).numpy()
    model.flow_layers[-1].trainable = False
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    again.flow_layers[-1].trainable = False
    np.testing.assert_allclose(again.log_prob(x), expected, rtol=1e-5)


def test_data_stay_float32_where_networks_compute_in_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert matched()[1].compute_dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")


def test_plain_keras_trains_and_evaluates():
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    flow = zoo.create("ffjord", Event((2,)), flows=1, width=8, depth=1)
    objective = FlowMatching(flow)
    objective.initialize(x)
    objective.compile("adam")
    history = objective.fit(tf.data.Dataset.from_tensors({"x": x}), shuffle=False, verbose=0).history
    assert {"loss", "matching_error"} <= set(history)
    found = objective.evaluate(tf.data.Dataset.from_tensors({"x": x}), verbose=0, return_dict=True)
    assert found == {"loss": pytest.approx(-flow.log_prob(x).numpy().mean(), rel=1e-5)}
