"""Composed models: conditions that no layer takes and data-dependent weights that nobody sets are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfflows
from tfflows import layers
from tfflows.bijectors import BoundedAffine
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import VAE, PixelModel
from tfflows.networks import MADE, MLP, Encoder, PixelCNN, VelocityMLP

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
        with pytest.raises(InputError, match=f"Expected `{where}` without data-dependent weights"):
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


def test_a_chain_in_a_chain_gets_the_context():
    event = Event((2,), context=1)
    given = {"x": X, "context": X[:, :1]}
    data = tf.data.Dataset.from_tensor_slices(given).batch(32)
    nested = tfflows.Flow(event, [layers.Chain([coupling(context_size=1), layers.BatchNorm()])])
    nested.initialize(**given)
    inner = nested.flow_layers[0].flow_layers
    (weights,) = [w for w in inner[0].trainable_variables if w.name == "kernel" and w.shape[-1] == 2]
    weights.assign(tf.ones_like(weights))
    nested.adapt(data)
    seen = inner[0](tf.constant(X), tf.constant(X[:, :1]))
    np.testing.assert_allclose(inner[1].mean, tf.reduce_mean(seen, 0), rtol=1e-4, atol=1e-6)


def test_a_condition_that_no_network_takes_is_refused():
    images = Event((4, 4, 1), "uint8", 8, classes=3)
    with pytest.raises(InputError, match=r"context_size=3, so that label.*context_sizes=\[0\]"):
        PixelModel(images, PixelCNN(width=4, blocks=1), components=2)
    vae = {"encoder": Encoder(8, depth=1), "latents": 2}
    with pytest.raises(InputError, match=r"context_size=3, so that label"):
        VAE(Event((2,), classes=3), **vae, decoder=MLP(width=8, depth=1))
    assert VAE(Event((2,), classes=3), **vae, decoder=MLP(width=8, depth=1, context_size=3)).built


def test_layers_with_and_without_a_condition_make_one_flow():
    parts = [layers.ActNorm(), coupling(), coupling(context_size=3)]
    flow = tfflows.Flow(Event((2,), classes=3), parts)
    flow.initialize(X, label=np.zeros(64, np.int32))
    assert np.all(np.isfinite(flow.log_prob(X, label=2)))


def test_a_batch_trains_no_model_that_is_not_initialized():
    flow = tfflows.Flow(Event((2,)), [layers.ActNorm(), coupling()])
    flow.compile("adam")
    for method in (flow.train_on_batch, flow.test_on_batch):
        with pytest.raises(InputError, match="Expected a model that is initialized"):
            method(X)
    assert all(np.all(np.isfinite(w)) for w in flow.flow_layers[1].get_weights())


def test_fit_initializes_from_random_rows_of_an_array():
    x = np.sort(np.random.default_rng(0).normal(size=(5000, 2)), axis=0).astype(np.float32)
    flow = tfflows.Flow(Event((2,)), [layers.ActNorm()])
    flow.compile(keras.optimizers.SGD(0.0))
    flow.fit(x, epochs=1, verbose=0)
    z = flow.encode(x).numpy()
    np.testing.assert_allclose(z.mean(0), 0, atol=0.2)
    np.testing.assert_allclose(z.std(0), 1, atol=0.2)


def test_predict_takes_a_label():
    flow = tfflows.Flow(Event((2,), classes=3), [layers.ActNorm(), coupling(context_size=3)])
    label = np.arange(64) % 3
    flow.initialize(X, label=label)
    np.testing.assert_allclose(flow.predict(X, label=label, verbose=0), flow.log_prob(X, label=label), rtol=1e-5)


def test_rows_that_are_held_out_do_not_initialize():
    x = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    flow = tfflows.Flow(Event((2,)), [layers.ActNorm()])
    flow.compile(keras.optimizers.SGD(0.0))
    flow.fit(np.concatenate([x, 9 + x]), validation_split=0.5, epochs=1, verbose=0)
    np.testing.assert_allclose(flow.encode(x).numpy().mean(0), 0, atol=0.2)


@pytest.mark.parametrize("levels", [None, 8], ids=["flow", "dequantized"])
def test_weights_of_a_new_model_are_initialized_again(levels):
    model = tfflows.Flow(Event((2,)), [layers.ActNorm(), coupling()])
    model = model if levels is None else tfflows.Dequantized(model, levels=levels)
    x = X if levels is None else np.arange(128).reshape(64, 2) % levels
    weights = model.get_weights()
    model.compile("adam")
    for _ in range(2):
        model.fit(x, epochs=1, verbose=0)
        assert np.all(np.isfinite(model.log_prob(x)))
        model.set_weights(weights)
        assert not model.initialized


@pytest.mark.parametrize("first", ["autoregressive", "continuous"])
def test_layers_without_the_condition_may_stand_beside_one_with_it(first):
    unconditional = {
        "autoregressive": layers.Autoregressive(conditioner=MADE(width=8, depth=1), transformer=BoundedAffine()),
        "continuous": layers.Continuous(VelocityMLP(width=8, depth=1)),
    }[first]
    flow = tfflows.Flow(Event((2,), context=2), [unconditional, coupling(context_size=2)])
    x, context = np.random.default_rng(0).normal(size=(2, 5, 2)).astype(np.float32)
    flow.initialize(x, context=context)
    np.testing.assert_allclose(flow.decode(flow.encode(x, context=context), context=context), x, atol=1e-4)
    assert flow.sample(5, seed=0, context=context).shape == (5, 2)
