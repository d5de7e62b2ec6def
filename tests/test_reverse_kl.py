"""Reverse KL: what a flow draws is scored right and weighed right, and gradients pass through the draws."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.cases import CASES, Case, float64, make
from tfflows import datasets, noise, training
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import ActNorm, Residual
from tfflows.models import Flow, MeanNegativeLogLikelihood, ReverseKL
from tfflows.networks import LipschitzNet
from tfflows.targets import densities
from tfflows.training.evaluation import importance_estimates

BANANA = datasets.load("energy/banana")


class Inverted(Case):
    """Maps from latent to data, as energies have them."""

    @property
    def settings(self):
        return {**super().settings, "inverted": True}


VECTORS = [case for case in CASES if case.exact and case.event.kind == "vector" and not case.event.classes]
VECTORS += [Inverted(case.name, case.event) for case in VECTORS if case.name in ("planar", "radial", "sylvester")]
IDS = [f"{case}{'-inverted' * isinstance(case, Inverted)}" for case in VECTORS]


def seeds(n, seed=0):
    return noise.split(noise.seed_pair(seed), n)


def affine(shift=(0.3, -0.2), log_scale=(0.5, -1.0)):
    """A flow of one layer, x = (z - shift) * exp(-log_scale)."""
    flow = Flow(Event((2,)), [ActNorm()], name="affine")
    flow.flow_layers[0].shift.assign(shift)
    flow.flow_layers[0].log_scale.assign(log_scale)
    return flow


def gaussian(x, mean=1.0, deviation=0.5):
    return -0.5 * tf.reduce_sum(((x - mean) / deviation) ** 2, axis=-1)


@pytest.mark.parametrize("case", VECTORS, ids=IDS)
def test_draws_are_samples_with_their_densities_and_right_gradients(case):
    with float64():
        model = make(case)
        x, log_q = model.sample_and_log_prob_fn(seeds(6))
        assert x.dtype == log_q.dtype == tf.float64
        np.testing.assert_allclose(model.sample_fn(seeds(6), tf.ones([6]), None), x, rtol=1e-6)
        np.testing.assert_allclose(model.distribution().log_prob(tf.identity(x)), log_q, atol=1e-4)

        objective = ReverseKL(model, BANANA)
        weights, random = model.trainable_variables, np.random.default_rng(0)
        with tf.GradientTape() as tape:
            elbo = tf.reduce_mean(objective.nats_fn({"seeds": seeds(6)}, noise.seed_pair(0)))
        gradients = tape.gradient(elbo, weights)
        # Along one random direction, against the difference between two models.
        direction = [random.normal(size=weight.shape) for weight in weights]
        ends = []
        for step in (1e-4, -2e-4):
            for weight, part in zip(weights, direction, strict=True):
                weight.assign_add(step * part)
            ends.append(tf.reduce_mean(objective.nats_fn({"seeds": seeds(6)}, noise.seed_pair(0))))
        slope = sum(np.sum(part * gradient.numpy()) for part, gradient in zip(direction, gradients, strict=True))
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-4, slope, rtol=1e-3, atol=1e-3)


def test_gradient_is_that_of_the_reparametrised_gaussian():
    flow = affine()
    layer, mean, deviation = flow.flow_layers[0], 1.0, 0.5
    objective = ReverseKL(flow, dataclasses.replace(BANANA, log_density=gaussian))
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(objective.nats_fn({"seeds": seeds(64)}, noise.seed_pair(3)))
    shift, log_scale = tape.gradient(loss, [layer.shift, layer.log_scale])
    # loss = mean((x - mean)^2 / (2 * deviation^2) + log_scale) + ...,  x = (z - shift) * exp(-log_scale)
    z = noise.normal(noise.row_seeds(seeds(64), noise.seed_pair(3)), (2,), tf.float32)
    x = ((z - layer.shift) * tf.exp(-layer.log_scale)).numpy()
    force = (x - mean) / deviation**2
    np.testing.assert_allclose(shift, np.mean(-force * np.exp(-layer.log_scale.numpy()), axis=0), rtol=1e-5)
    np.testing.assert_allclose(log_scale, np.mean(-force * x, axis=0) + 1, rtol=1e-5)


def test_flow_starts_near_the_identity():
    objective = ReverseKL(affine([np.nan] * 2, [np.nan] * 2), BANANA)
    assert not objective.initialized
    objective.initialize(seeds(4000))
    assert objective.initialized
    for weight in objective.trainable_variables:
        np.testing.assert_allclose(weight, [0, 0], atol=0.05)


def test_flow_that_is_the_energy_has_the_exact_log_z_and_all_samples_effective():
    flow = affine()
    energy = dataclasses.replace(BANANA, log_density=lambda x: flow.distribution().log_prob(x) - 1.75)
    scores = training.evaluate(ReverseKL(flow, energy), energy.validation, batch_size=5000)
    assert (scores["elbo"], scores["log_z"]) == pytest.approx((-1.75, -1.75), abs=1e-4)
    assert scores["ess"] == pytest.approx(1, abs=1e-4)
    assert scores["elbo_se"] < 1e-5
    assert scores["log_z_se"] < 1e-5
    assert scores["num_events"] == 10_000


@pytest.mark.parametrize("offset", [0.0, 2000.0])
def test_weights_of_known_distribution_give_their_log_z_its_error_and_their_effective_size(offset):
    # log w ~ N(0, s^2): E[w] = exp(s^2 / 2), E[w]^2 / E[w^2] = exp(-s^2).
    n, s = 400_000, 0.7
    scores = importance_estimates(offset + s * np.random.default_rng(0).normal(size=n))
    assert scores["elbo"] == pytest.approx(offset, abs=4 * s / np.sqrt(n))
    assert scores["elbo_se"] == pytest.approx(s / np.sqrt(n), rel=0.02)
    assert scores["log_z_se"] == pytest.approx(np.sqrt(np.expm1(s**2) / n), rel=0.05)
    assert scores["log_z"] == pytest.approx(offset + s**2 / 2, abs=4 * scores["log_z_se"])
    assert scores["ess"] == pytest.approx(np.exp(-(s**2)), rel=0.02)


def test_training_anneals_the_energy_alone_and_draws_anew_in_each_step():
    objective = ReverseKL(affine(), BANANA, anneal_steps=10)
    objective.compile(keras.optimizers.SGD(0.0), MeanNegativeLogLikelihood())
    objective.in_train_step = True
    rows = {"seeds": seeds(8)}

    def trained(step):
        objective.optimizer.iterations.assign(step)
        return objective(rows, training=True).numpy()

    np.testing.assert_allclose([objective.beta(tf.constant(t)) for t in (0, 4, 8, 9, 50)], [0.11, 0.51, 0.91, 1, 1])
    x, log_q = objective.flow.sample_and_log_prob_fn(noise.row_seeds(rows["seeds"], tf.constant([0, 4])))
    np.testing.assert_allclose(trained(4), 0.51 * densities.banana(x) - log_q, rtol=1e-4)
    assert np.all(trained(20) != trained(21))
    alone = objective({"seeds": rows["seeds"][3:]}, training=True)
    np.testing.assert_allclose(alone, trained(21)[3:], rtol=1e-5)
    assert ReverseKL(affine(), BANANA).beta(tf.constant(0)) == 1


def test_training_loop_of_ones_own_draws_anew_and_does_not_anneal():
    objective = ReverseKL(affine(), BANANA, anneal_steps=10)
    draws = [objective({"seeds": seeds(2000)}, training=True).numpy() for _ in range(3)]
    assert len({nats.mean() for nats in draws}) == 3
    expected = objective({"seeds": seeds(2000)}).numpy()
    for nats in draws:
        assert abs(nats.mean() - expected.mean()) < 5 * np.hypot(nats.std(), expected.std()) / np.sqrt(2000)


def test_two_replicas_train_as_one():
    def fitted(strategy):
        with strategy.scope():
            objective = ReverseKL(affine(), BANANA, anneal_steps=3)
            objective.compile(keras.optimizers.SGD(1e-2), MeanNegativeLogLikelihood())
        rows = BANANA.train.examples.take(32).batch(16)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        losses = objective.fit(rows.with_options(options), verbose=0, shuffle=False).history["loss"]
        return [*losses, *(weight.numpy() for weight in objective.variables)]

    by_hand = tf.distribute.ReductionToOneDevice()
    one = fitted(tf.distribute.get_strategy())
    two = fitted(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=by_hand))
    for mine, theirs in zip(one, two, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_what_cannot_be_fitted_to_an_energy_is_said():
    flow, settings = affine(), training.TrainSettings()
    bound = keras.Model(name="vae")
    with pytest.raises(InputError, match=r"Expected a flow for a target: .*no exact density\. Received: model='vae'"):
        ReverseKL(bound, BANANA)
    estimate = Flow(Event((2,)), [Residual(LipschitzNet(width=4, sizes=(1, 1)), log_det="estimate")], name="residual")
    with pytest.raises(InputError, match=r"no exact density\. Received: model='residual'"):
        ReverseKL(estimate, BANANA)
    with pytest.raises(InputError, match=r"events, of shape \[3\] .*Received: event=\{'shape': \[2\]"):
        ReverseKL(flow, dataclasses.replace(BANANA, event=Event((3,))))
    with pytest.raises(InputError, match=r"`num_importance_samples` to be 1 for a target.*num_importance_samples=5"):
        training.make_objective(flow, BANANA, dataclasses.replace(settings, num_importance_samples=5))
    with pytest.raises(InputError, match=r"`anneal_steps` to be 1 for 'toy/rings': .*Received: anneal_steps=5"):
        training.make_objective(flow, datasets.load("toy/rings"), dataclasses.replace(settings, anneal_steps=5))
    with pytest.raises(InputError, match=r"`anneal_steps` to be 1 or more\. Received: anneal_steps=0"):
        training.TrainSettings(anneal_steps=0)
