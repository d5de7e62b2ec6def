"""Dropout: the noise of a row is its own, the mean stays, and evaluation has none."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows import layers, noise
from tfflows.bijectors import RoundedShift
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import VAE, IntegerFlow
from tfflows.networks import ResidualNet
from tfflows.networks.dropout import drop


def test_kept_entries_make_up_for_the_dropped():
    x = tf.ones([8, 5000])
    seeds = tf.random.stateless_uniform([8, 2], [0, 1], maxval=1000, dtype=tf.int32)
    dropped = drop(x, 0.2, training=True, seeds=seeds).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 1.25])
    np.testing.assert_allclose(dropped.mean(), 1, atol=0.02)
    assert not np.array_equal(dropped[0], dropped[1])


def test_noise_of_a_row_does_not_depend_on_the_others():
    seeds = tf.constant([[1, 2], [3, 4]])
    x = tf.random.stateless_normal([2, 3, 4], [0, 1])
    together, alone = (drop(x[i:], 0.5, training=True, seeds=seeds[i:]) for i in (0, 1))
    np.testing.assert_array_equal(together[1:], alone)


def test_evaluation_has_none():
    x = tf.ones([2, 3])
    seeds = tf.zeros([2, 2], tf.int32)
    assert drop(x, 0.5, training=False, seeds=None) is x
    assert drop(x, 0.5, training=False, seeds=seeds) is x
    assert drop(x, 0.0, training=True, seeds=seeds) is x


def test_training_without_seeds_is_refused():
    with pytest.raises(InputError, match=r"`seeds` in training, for the noise of dropout\. Received: seeds=None"):
        drop(tf.ones([2, 3]), 0.5, training=True, seeds=None)


def vae(**rates):
    network = {"width": 8, "blocks": 1}
    encoder = ResidualNet(6, **network, dropout=rates.get("encoder", 0.0))
    decoder = ResidualNet(**network, dropout=rates.get("decoder", 0.0))
    return VAE(Event((2,)), encoder=encoder, decoder=decoder, latents=2)


def integers(**rates):
    network = {"width": 8, "blocks": 1, "convolutional": True}
    conditioner, prior = (ResidualNet(**network, dropout=rates.get(part, 0.0)) for part in ("conditioner", "prior"))
    coupling = layers.Coupling("halves", conditioner=conditioner, transformer=RoundedShift(8))
    scales = [[layers.Squeeze(), coupling], [layers.Squeeze()]]
    return IntegerFlow(Event((4, 4, 1), "uint8", 8), scales, prior=prior, components=1)


@pytest.mark.parametrize(
    ("make", "part"), [(vae, "encoder"), (vae, "decoder"), (integers, "conditioner"), (integers, "prior")]
)
def test_every_network_of_a_model_has_its_dropout_in_training_and_only_there(make, part):
    without, model = make(), make(**{part: 0.5})
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.5, weight.shape).astype(np.float32) for weight in model.get_weights()]
    x = tf.constant(random.integers(0, 8, (5, *model.event.shape)).astype(model.event.dtype))
    seed, found = noise.seed_pair(0), {}
    for name, each in {"without": without, "with": model}.items():
        each.set_weights(weights)
        found[name] = [each.log_prob_fn(x, None, seed, training=training).numpy() for training in (True, False)]
    assert np.all(np.abs(found["with"][0] - found["without"][0]) > 1e-4)
    np.testing.assert_allclose(found["with"][1], found["without"][1], rtol=1e-6)
