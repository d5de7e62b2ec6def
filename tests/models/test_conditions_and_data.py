"""Composed models: conditions that no layer takes and data-dependent weights that nobody sets are refused."""

import numpy as np
import pytest
import tensorflow as tf

import tfflows
from tfflows import layers
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import VAE
from tfflows.networks import MLP, Encoder

X = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)


def coupling(**settings):
    return layers.AffineCoupling("halves", conditioner=MLP(width=8, depth=1, **settings))


def test_a_condition_that_no_layer_takes_is_refused():
    event = Event((2,), classes=3, context=1)
    with pytest.raises(InputError, match=r"context_size=4, so that label.*Received: context_sizes=\[0\]"):
        tfflows.Flow(event, [layers.ActNorm(), coupling()])
    with pytest.raises(InputError, match=r"Received: context_sizes=\[0, 3\]"):
        tfflows.Flow(event, [layers.ActNorm(), coupling(context_size=3)])
    assert tfflows.Flow(event, [layers.ActNorm(), coupling(context_size=4)]).built


@pytest.mark.parametrize("layer", [layers.ActNorm(), layers.BatchNorm()], ids=["actnorm", "batchnorm"])
def test_data_dependent_weights_are_refused_where_nobody_sets_them(layer):
    with pytest.raises(InputError, match=r"Expected `layer` without data-dependent weights"):
        tfflows.Flow(Event((2,)), [layers.Inverse(layers.Chain([layer]))])
    networks = {"encoder": Encoder(8, depth=1), "decoder": MLP(width=8, depth=1), "latents": 2}
    for where in ("posterior", "prior"):
        with pytest.raises(InputError, match=f"Expected `{where}` to have no weights"):
            VAE(Event((2,)), **networks, **{where: [type(layer)()]})


def test_a_chain_in_a_chain_gets_the_statistics_of_the_training_set():
    data = tf.data.Dataset.from_tensor_slices({"x": np.concatenate([X, 5 * X + 10])}).batch(32)
    nested = tfflows.Flow(Event((2,)), [coupling(), layers.Chain([coupling(), layers.BatchNorm()])])
    plain = tfflows.Flow(Event((2,)), [coupling(), coupling(), layers.BatchNorm()])
    for flow in (nested, plain):
        flow.initialize(X)
    plain.set_weights(nested.get_weights())
    for flow in (nested, plain):
        flow.adapt(data)
    assert np.abs(plain.get_weights()[-2]).max() > 1, "the statistics are those of the first batch"
    for mine, theirs in zip(nested.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
