"""A masked network that computes one entry after another gives what a pass for each entry gives, and its gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import (
    BoundedAffine,
    Composed,
    DeepDenseSigmoidal,
    DeepSigmoidal,
    Gated,
    MixtureOfGaussians,
    RationalQuadratic,
)
from tfflows.bounds import REACH
from tfflows.errors import InputError
from tfflows.layers import Autoregressive
from tfflows.networks import MADE
from tfflows.networks.blockwise import Blockwise, Places

# Entries, scalar transformer, size of the context, order of the entries, degrees of the hidden units.
CASES = [
    (1, BoundedAffine(), 0, "natural", "sorted"),
    (1, BoundedAffine(), 2, "natural", "sorted"),
    (2, BoundedAffine(), 0, "reversed", "sorted"),
    (5, Gated(), 3, "random", "random"),
    (3, DeepSigmoidal(2, 1), 0, "natural", "sorted"),
    (3, MixtureOfGaussians(2), 0, "random", "random"),
    (3, DeepDenseSigmoidal(2, 1), 1, "reversed", "random"),
    (12, Composed((BoundedAffine(), BoundedAffine())), 0, "natural", "sorted"),
    (10, RationalQuadratic(4), 2, "reversed", "sorted"),
    (43, BoundedAffine(), 0, "random", "sorted"),
]


def layer(entries, transformer=None, context=0, order="natural", hidden="sorted", width=24):
    """A layer without weights at zero."""
    keras.utils.set_random_seed(0)
    made = MADE(width=width, depth=2, hidden=hidden, context_size=context)
    one = Autoregressive(conditioner=made, transformer=transformer or BoundedAffine(), order=order)
    one.build((None, entries))
    for weight in one.weights:
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.1, seed=1))
    return one


def inputs(entries, context=0, rows=7):
    random = np.random.default_rng(0)
    z = tf.constant(random.normal(size=(rows, entries)), tf.float32)
    return z, tf.constant(random.normal(size=(rows, context)), tf.float32) if context else None


def results(one, z, context, *, reference):
    """The entries, the log-det, and gradients of both with respect to the latent, the context and the weights."""

    @tf.function
    def run():
        bijector = one.bijector(context)
        forward = bijector._pass_by_pass if reference else bijector.entry_by_entry
        sources = [z, *([] if context is None else [context]), *(weight.value for weight in one.trainable_variables)]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            x, log_det = forward(z)
            loss = tf.reduce_sum(x * tf.sin(x)) + tf.reduce_sum(log_det**2)
        return x, log_det, *map(tf.convert_to_tensor, tape.gradient(loss, sources, unconnected_gradients="zero"))

    return run()


def is_the_reference(entries, transformer, context, order, hidden):
    one = layer(entries, transformer, context, order, hidden)
    found = results(one, *inputs(entries, context), reference=False)
    for wanted, result in zip(results(one, *inputs(entries, context), reference=True), found, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{type(case[1]).__name__}")
def test_entries_log_dets_and_gradients_are_those_of_the_reference(case):
    is_the_reference(*case)


def order_forgotten(patch):
    patch.setattr(
        Blockwise, "_restored", lambda self, blocks: tf.transpose(tf.reshape(blocks, [-1, blocks.shape[-1]])[:23])
    )


def context_forgotten(patch):
    biases = Blockwise._biases
    patch.setattr(Blockwise, "_biases", lambda self, context, batch: biases(self, None, batch))


def units_in_other_places(patch):
    def shuffled(self, steps, slots):
        original(self, steps[::-1], slots)

    original = Places.__init__
    patch.setattr(Places, "__init__", shuffled)


def gradient_in_other_places(patch):
    def shuffled(self, steps, slots):
        original(self, steps, slots)
        self.inverse = self.inverse[::-1]

    original = Places.__init__
    patch.setattr(Places, "__init__", shuffled)


MUTANTS = [order_forgotten, context_forgotten, units_in_other_places, gradient_in_other_places]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_not_the_reference(mutant, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        is_the_reference(23, BoundedAffine(), 2, "reversed", "sorted")


def outlying(entries=50):
    """A layer with large weights, and latents with an outlier among the first entries of some rows."""
    one = layer(entries)
    for weight in one.trainable_variables:
        weight.assign(3.0 * weight)
    z, _ = inputs(entries)
    return one, tf.tensor_scatter_nd_update(z, [[0, 1], [3, 0]], [15.0, -40.0])


def samples_stay_finite():
    one, z = outlying()
    for forward in (one.bijector().entry_by_entry, one.bijector()._pass_by_pass):
        x, log_dets = forward(z)
        assert np.isfinite(x).all()
        assert np.isfinite(log_dets).all()
        assert np.abs(x).max() > REACH  # the limit of what the network sees is not one of what is drawn
        np.testing.assert_allclose(one.bijector().inverse(tf.identity(x)), z, rtol=1e-3, atol=1e-2)


def test_an_outlier_does_not_grow_from_entry_to_entry():
    samples_stay_finite()


@pytest.mark.parametrize("module", ["tfflows.networks.made", "tfflows.networks.blockwise"])
def test_unlimited_network_breaks_the_samples(module, monkeypatch):
    monkeypatch.setattr(f"{module}.within_reach", tf.identity)
    with pytest.raises(AssertionError):
        samples_stay_finite()


def test_graph_does_not_grow_with_the_number_of_entries():
    sizes = [operations(entries) for entries in (256, 1024)]
    assert sizes[0] == sizes[1]


def operations(entries):
    """Number of operations of the forward direction, with those of the loop's body."""
    one = layer(entries, width=8)
    function = tf.function(lambda z: one.bijector().forward(z))
    graph = function.get_concrete_function(tf.TensorSpec([None, entries])).graph.as_graph_def()
    return len(graph.node) + sum(len(body.node_def) for body in graph.library.function)


def test_two_entries_in_one_place_are_refused():
    made = MADE(4, width=8, depth=1, degrees=np.array([1, 1]))
    made.build((None, 2))
    with pytest.raises(InputError, match="a position of its own"):
        made.sweep(tf.zeros([3, 2]), None, lambda outputs, z: (z, z))


def test_compiles_under_xla():
    one, (z, _) = layer(43), inputs(43)
    found = tf.function(lambda: one.bijector().forward(z), jit_compile=True)()
    np.testing.assert_allclose(found, one.bijector()._pass_by_pass(z)[0], rtol=1e-4, atol=1e-5)


def test_mixed_precision_keeps_the_entries_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        one, (z, _) = layer(23), inputs(23)
    finally:
        keras.config.set_dtype_policy("float32")
    assert one.network.compute_dtype == "bfloat16"
    found, wanted = one.bijector().forward(z), one.bijector()._pass_by_pass(z)[0]
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(tf.cast(found, "float32"), tf.cast(wanted, "float32"), atol=0.1)
