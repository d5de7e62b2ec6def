"""Variational EM: an E-step moves the posterior alone, an M-step the rest, and each raises the bound of its batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.cases import CASES, EVENTS, Case, events, make
from tfflows import datasets, noise, training
from tfflows.errors import InputError
from tfflows.models import MeanNegativeLogLikelihood

CASE = Case("flow_vae", EVENTS["vector"])


def bound(model, x):
    """The expected ELBO of the batch, estimated with 256 draws for each row."""
    score = tf.function(lambda seed: tf.reduce_mean(model.log_prob_fn(x, None, seed)))
    return np.mean([score(seed).numpy() for seed in noise.split(noise.seed_pair(7), 256)])


def compiled(first_step=0):
    """A model whose next step is `first_step`, its train function, and a batch."""
    model, x = make(CASE), tf.constant(events(CASE, 32)[0])
    model.variational_em = True
    model.compile(keras.optimizers.SGD(1e-3), MeanNegativeLogLikelihood())
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(first_step)
    return model, model.make_train_function(), x


def moved_by(step, model, x):
    """The variables that a step changes."""
    weights = [variable.numpy() for variable in model.trainable_variables]
    step(iter(tf.data.Dataset.from_tensors({"x": x})))
    pairs = zip(model.trainable_variables, weights, strict=True)
    return {id(variable) for variable, old in pairs if np.any(variable.numpy() != old)}


@pytest.mark.slow
def test_each_step_raises_the_bound_and_moves_its_part_alone():
    model, step, x = compiled()
    before, seen = bound(model, x), set()
    for part in model.trained_in_turn:
        moved = moved_by(step, model, x)
        assert moved == {id(variable) for variable in part}
        after = bound(model, x)
        assert after > before
        before, seen = after, seen | moved
    assert seen == {id(variable) for variable in model.trainable_variables}


LATENT = ("vae-vector-conditional", "flow_vae-image-conditional", "iaf_vae-image-conditional")


@pytest.mark.parametrize("case", [case for case in CASES if str(case) in LATENT], ids=str)
def test_posterior_has_the_weights_that_a_score_needs_and_a_sample_does_not(case):
    model = make(case)
    x, conditions = events(case, 3)
    used = []
    for function in (lambda: model.log_prob(x, **conditions), lambda: model.sample(3, seed=0, **conditions)):
        with tf.GradientTape() as tape:
            function()
        used.append({id(variable) for variable in tape.watched_variables()})
    posterior = {id(v.value) for layer in model.inference_layers for v in layer.trainable_variables}
    assert used[0] - used[1] == posterior


def test_a_resumed_run_goes_on_with_the_turn_that_it_is():
    model, step, x = compiled(first_step=1)
    assert moved_by(step, model, x) == {id(variable) for variable in model.trained_in_turn[1]}


@pytest.mark.parametrize("dataset", ["toy/two_moons", "energy/u1"])
def test_a_flow_has_no_posterior(dataset):
    model = make(Case("planar", EVENTS["vector"]))
    settings = training.TrainSettings(variational_em=True)
    with pytest.raises(InputError, match=r"`variational_em` to be False.*Received: variational_em=True"):
        training.fit(model, datasets.load(dataset), settings, seed=0, workdir=None)
