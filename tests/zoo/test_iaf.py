"""Facts of IAF's paper, 1606.04934, and of its relation to MAF, 1705.07057."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.cases import float64
from tests.zoo.test_maf import coupling_and_its_made, maf, normal, shake
from tfflows import layers
from tfflows.events import Event
from tfflows.models import Flow

tfb, tfd = tfp.bijectors, tfp.distributions


def turned_round():
    """A MAF, and the IAF with the same weights: the list of layers reversed, and each layer inverted."""
    mine, theirs = Flow(Event((4,)), maf(3)), Flow(Event((4,)), [layers.Inverse(layer) for layer in maf(3)[::-1]])
    for layer, turned in zip(mine.flow_layers, reversed(theirs.flow_layers), strict=True):
        shake(layer.weights)
        turned.set_weights(layer.get_weights())
    return mine, theirs


def test_iaf_is_maf_in_the_other_direction():
    with float64():
        mine, theirs = turned_round()
        y = tf.constant(np.random.default_rng(0).normal(size=(6, 4)))
        u = theirs.bijector().forward(y)
        np.testing.assert_allclose(mine.bijector().inverse(y), u, rtol=1e-12)
        back = theirs.bijector().inverse(tf.identity(u))
        np.testing.assert_allclose(back, y, rtol=1e-9)
        # log p_iaf(u) = log base(y) - log |det du/dy|, which is the log-determinant of the MAF's density at y.
        log_det = mine.distribution().log_prob(y) - normal(4).log_prob(u)
        np.testing.assert_allclose(theirs.distribution().log_prob(tf.identity(u)), normal(4).log_prob(y) - log_det)


def test_sample_takes_one_pass_and_density_one_entry_by_entry(monkeypatch):
    _, theirs = turned_round()
    passes, sweeps = [], []
    network = theirs.flow_layers[0].layer.network
    monkeypatch.setattr(type(network), "call", counted(type(network).call, network, passes))
    monkeypatch.setattr(type(network), "sweep", counted(type(network).sweep, network, sweeps))
    z = tf.zeros([2, 4])
    theirs.bijector().forward(z)
    assert (len(passes), len(sweeps)) == (1, 0)
    theirs.distribution().log_prob(z)
    assert (len(passes), len(sweeps)) == (1, 1)


def counted(call, network, passes):
    def counting(self, *args, **kwargs):
        if self is network:
            passes.append(1)
        return call(self, *args, **kwargs)

    return counting


def test_realnvp_is_iaf_with_parameters_masked_out():
    # 1705.07057, section 3.3: what is kept is the same in both directions, so that a coupling is a MAF and an IAF.
    with float64():
        coupling, made = (layers.Inverse(layer) for layer in coupling_and_its_made())
        x = tf.constant(np.random.default_rng(1).normal(size=(7, 5)))
        theirs, mine = (tfd.TransformedDistribution(normal(5), layer.bijector()) for layer in (coupling, made))
        np.testing.assert_allclose(mine.log_prob(x), theirs.log_prob(x), rtol=1e-12)
        np.testing.assert_allclose(made.bijector().forward(x), coupling.bijector().forward(x), rtol=1e-12)


@pytest.mark.parametrize("dimension", [4, pytest.param(10, marks=pytest.mark.slow)])  # written out, and in a loop
@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_run_through_the_passes(jit_compile, dimension):
    # d log p / dx by the loop is that of the formula: implicit, from one pass at the solution.
    with float64():
        layer = layers.Inverse(maf(1)[0])
        layer.build((None, dimension))
        shake(layer.weights)
        x = tf.constant(np.random.default_rng(0).normal(size=(3, dimension)))

        @tf.function(jit_compile=jit_compile)
        def slopes(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                z = layer.bijector().inverse(x)
            return z, tape.batch_jacobian(z, x, experimental_use_pfor=False)

        z, slope = slopes(x)
        with tf.GradientTape() as tape:
            tape.watch(z)
            again = layer.bijector().forward(z)
        np.testing.assert_allclose(again, x, rtol=1e-9)
        np.testing.assert_allclose(
            slope @ tape.batch_jacobian(again, z), np.tile(np.eye(dimension), (3, 1, 1)), atol=1e-9
        )
