"""Layers that are computed again for the gradient: the same numbers, from a graph that layers share."""

import contextlib
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests import cases
from tfflows import datasets, layers
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Chain, chain, recompute
from tfflows.layers.chain import set_recompute
from tfflows.networks import MLP
from tfflows.training import TrainSettings, make_objective
from tfflows.training.objective import training_as_set

SEED = [3, 4]


def gradients(model, batch, *, recomputes):
    """Log-likelihoods, and the gradients of their sum."""
    set_recompute(model, recomputes=recomputes)
    variables = [variable.value for variable in model.trainable_variables]

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            nats = model.log_prob_fn(batch["x"], model.condition_of(batch), tf.constant(SEED), training=True)
            total = tf.reduce_sum(nats)
        return nats, tape.gradient(total, variables, unconnected_gradients="zero")

    nats, found = run()
    return [nats, *map(tf.convert_to_tensor, found)]


def is_the_same(model, batch):
    kept, found = (gradients(model, batch, recomputes=recomputes) for recomputes in (False, True))
    scale = max(float(tf.reduce_max(tf.abs(one))) for one in kept)
    for one, expected in zip(found, kept, strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-5 * scale)


REPEATING = (
    *("nice", "realnvp", "glow", "flowpp", "nsf"),
    *("made", "maf", "naf", "bnaf", "jet", "tarflow", "residual"),
)
FAST = ("glow-image", "maf-vector-conditional", "flowpp-vector")
PLAIN = [case for case in cases.CASES if not case.event.condition_size]
IMAGES = ("nice", "realnvp", "glow", "nsf", "tarflow")  # whose images hold it for the vectors of the same layers
HELD = [
    case
    for case in cases.CASES
    if str(case) in FAST
    or (case in PLAIN and case.name in REPEATING and not (case.name in IMAGES and case.event.kind == "vector"))
]
CASES = [pytest.param(case, marks=() if str(case) in FAST else pytest.mark.slow, id=str(case)) for case in HELD]


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_layers_that_keep_their_results(case):
    x, conditions = cases.events(case, 5)
    is_the_same(cases.make(case), {"x": tf.constant(x), **conditions})


def test_layers_of_the_dequantization_are_computed_again(monkeypatch):
    model, made = cases.make(cases.Case("flowpp", cases.EVENTS["image"])), []

    def recomputed(layer, rank, graphs, context, **mode):
        made.append(layer)
        return layer.bijector(context, **mode)

    monkeypatch.setattr(chain, "Recomputed", recomputed)
    set_recompute(model, recomputes=True)
    x = tf.random.stateless_normal([2, 4, 4, 1], SEED)
    noise_flow = model.dequantization.chain
    noise_flow.inverse_and_log_det(x, model.dequantization.features(x), training=True, seeds=tf.constant([SEED] * 2))
    assert made == [layer for layer in noise_flow.flow_layers if layer.is_function_of_weights]


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_models_that_keep_everything_refuse_it(case):
    x, _ = cases.events(case, 40)
    data = datasets.from_arrays(x * 32, n_bits=3) if case.event.discrete else datasets.from_arrays(x)
    model, settings = zoo.create(case.name, case.event, **case.settings), TrainSettings(memory="recompute")
    with contextlib.nullcontext() if case.name in REPEATING else pytest.raises(InputError, match="memory='keep'"):
        assert make_objective(model, data, settings) is model


def glow(steps):
    keras.utils.set_random_seed(0)
    model = zoo.create("glow", Event((4, 4, 3)), scales=1, steps=steps, width=4)
    model.initialize(np.random.default_rng(0).normal(size=(64, 4, 4, 3)).astype(np.float32))
    for number, variable in enumerate(model.trainable_variables):
        variable.assign_add(keras.random.normal(variable.shape, stddev=0.1, seed=number))
    return model


BATCH = {"x": tf.random.stateless_normal([5, 4, 4, 3], [0, 0])}


def weights_in_another_order(patch):
    def swapped(state_mapping):  # those of ActNorm
        variables, values = zip(*state_mapping, strict=True)
        values = values[::-1] if len(values) == 2 else values
        return keras.StatelessScope(list(zip(variables, values, strict=True)))

    patch.setattr(recompute, "keras", types.SimpleNamespace(StatelessScope=swapped))


def log_det_without_gradient(patch):
    call = recompute.Recomputed._call

    def cut(self, direction, x):
        y, log_det = call(self, direction, x)
        return y, tf.stop_gradient(log_det)

    patch.setattr(recompute.Recomputed, "_call", cut)


@pytest.mark.parametrize("mutant", [log_det_without_gradient, weights_in_another_order])
def test_mutant_has_other_gradients(mutant, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        is_the_same(glow(2), BATCH)


def functions_of(model):
    """Number of functions in the graph of the gradient."""
    traced = tf.function(lambda x: gradients(model, {"x": x}, recomputes=True)).get_concrete_function(BATCH["x"])
    graph = traced.graph.as_graph_def()
    return len(graph.library.function)


def test_layers_that_are_alike_share_their_functions():
    assert functions_of(glow(2)) == functions_of(glow(5))


def test_layers_that_differ_do_not_share():
    mlp = MLP(width=4, depth=1)
    first, flipped = (layers.AffineCoupling("halves", conditioner=mlp, flip=flip) for flip in (False, True))
    for layer in (first, flipped):
        layer.build((None, 4))
    assert recompute.likeness(first) != recompute.likeness(flipped)


def test_training_recomputes_when_the_settings_say_so_and_evaluation_does_not():
    model, settings = glow(2), TrainSettings(memory="recompute")
    (chain,) = [layer for layer in model._flatten_layers() if isinstance(layer, Chain)]
    with training_as_set(model, settings):
        training, evaluation = (chain.compose([], training=training, seeds=None) for training in (True, False))
    assert sum(isinstance(one, recompute.Recomputed) for one in training) == 6
    assert not any(isinstance(one, recompute.Recomputed) for one in evaluation)
    assert not chain.recomputes


def test_xla_would_undo_it():
    with pytest.raises(InputError, match="XLA would merge"):
        TrainSettings(jit_compile=True, memory="recompute")
