"""Facts of MADE's paper, 1502.03509."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import EVENTS, assert_finite_at, float64
from tfflows import layers
from tfflows.bijectors import BoundedAffine, MixtureOfGaussians
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.networks import MADE

tfd = tfp.distributions


def randomized(network, dimension, context_size=0):
    """The network with nonzero weights."""
    random = np.random.default_rng(0)
    if not network.built:
        network.build((None, dimension + context_size))
    for weight in network.trainable_variables:
        weight.assign(0.5 * random.normal(size=weight.shape))
    return network


def jacobian(network, x, context=None):
    """`[size, dimension, inputs]`: largest size of each derivative over a batch."""
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reshape(network(x, context), [len(x), -1, x.shape[-1]])
    return np.abs(tape.jacobian(y, x)).max(axis=(0, 3))


@pytest.mark.parametrize("hidden", ["sorted", "random"])
@pytest.mark.parametrize("order", [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 1, 5, 2, 4], [1, 1, 2, 2, 3]])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_each_output_sees_the_entries_before_it_and_all_of_them(order, hidden, depth):
    degrees = np.array(order)
    network = randomized(MADE(15, degrees=degrees, width=64, depth=depth, activation="tanh", hidden=hidden), 5)
    seen = jacobian(network, np.random.default_rng(1).normal(size=(20, 5)))
    allowed = degrees[None, :] < degrees[:, None]
    assert seen.shape == (3, 5, 5)
    assert np.all(seen[:, ~allowed] == 0)
    assert np.all(seen[:, allowed] > 0)


@pytest.mark.parametrize("depth", [0, 2])
def test_every_output_sees_the_whole_context(depth):
    network = randomized(MADE(6, degrees=np.array([1, 2, 3]), width=16, depth=depth, context_size=2), 3, 2)
    x, context = tf.zeros([4, 3]), tf.constant(np.random.default_rng(1).normal(size=(4, 2)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(context)
        y = network(x, context)
    assert np.all(np.abs(tape.batch_jacobian(y, context)).max(axis=0) > 0)


def test_masks_are_those_of_the_paper():
    # Hidden units see inputs of their own degree and below; outputs see hidden units below them.
    network = MADE(3, degrees=np.array([3, 1, 2]), width=2, depth=1, hidden=[np.array([2, 1])])
    network.build((None, 3))
    np.testing.assert_array_equal(network.dense[0].mask, [[False, False], [True, True], [True, False]])
    np.testing.assert_array_equal(network.dense[1].mask, [[True, False, False], [True, False, True]])


def test_masks_are_not_weights():
    network = randomized(MADE(2, degrees=np.array([1, 2]), width=4, depth=1), 2)
    assert [tuple(weight.shape) for weight in network.weights] == [(2, 4), (4,), (4, 2), (2,)]


@pytest.mark.parametrize("family", [BoundedAffine(), MixtureOfGaussians(3)])
@pytest.mark.parametrize("order", ["natural", "reversed", "random"])
def test_density_is_the_product_of_the_conditionals(family, order):
    with float64():
        layer, x = made_layer(family, order)
        bijector = layer.bijector()
        base = tfd.Normal if family.size == 2 else tfd.Logistic
        flow = tfd.TransformedDistribution(tfd.Sample(base(tf.constant(0.0, tf.float64), 1.0), 4), bijector)
        outputs = tf.reshape(layer.network(x), [6, family.size, 4])
        conditional = gaussian(outputs) if family.size == 2 else mixture(outputs)
        expected = tf.reduce_sum(conditional.log_prob(x), axis=-1)
        np.testing.assert_allclose(flow.log_prob(x), expected, rtol=1e-9)
        # The first entry in the order depends on no other, and sampling goes through the entries in this order.
        z = bijector.inverse(x)
        np.testing.assert_allclose(layer.bijector().forward(tf.identity(z)), x, atol=1e-7)


def made_layer(family, order):
    conditioner = MADE(width=16, depth=2)
    layer = layers.Autoregressive(conditioner=conditioner, transformer=family, order=order, seed=3)
    layer.build((None, 4))
    randomized(layer.network, 4)
    return layer, tf.constant(np.random.default_rng(2).normal(size=(6, 4)))


def gaussian(outputs):
    log_scale, shift = tf.unstack(outputs, axis=1)
    log_scale = 3 * tf.tanh(log_scale / 3)
    return tfd.Normal(-shift * tf.exp(-log_scale), tf.exp(-log_scale))


def mixture(outputs):
    logits, locations, log_scales = tf.split(tf.transpose(outputs, [0, 2, 1]), 3, axis=-1)
    kernel = tfd.Normal(locations + np.linspace(-1, 1, 3), tf.exp(7 * tf.tanh(log_scales / 7)))
    return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), kernel)


def test_one_entry_has_a_density_too():
    model = zoo.create("made", event=Event((1,), classes=2), components=3, width=8)
    x = np.linspace(-3, 3, 7, dtype=np.float32)[:, None]
    model.initialize(tf.constant(x), tf.constant([0, 1, 0, 1, 0, 1, 0]))
    for variable in model.flow_layers[1].trainable_variables:
        variable.assign(np.random.default_rng(0).normal(size=variable.shape))
    first, second = (model.log_prob(x, np.full(7, label)).numpy() for label in (0, 1))
    assert np.all(first != second)
    sample = model.sample(5, 1, seed=0).numpy()
    assert sample.shape == (5, 1)
    assert np.isfinite(sample).all()


def test_inputs_far_outside_a_single_normal_have_finite_scores_and_gradients():
    model = zoo.create("made", event=EVENTS["vector"], components=1, width=8)
    model.initialize(tf.random.stateless_normal([64, 2], [0, 1]))
    for variable in model.trainable_variables:
        variable.assign_add(0.2 * tf.random.stateless_normal(variable.shape, [1, 2]))
    x = tf.constant([[1e4, -1e4], [0.0, 1e4], [-1e4, 1.0]])
    assert_finite_at(x, model)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"components": 0}, r"`components` to be 1 or more\. Received: components=0"),
        ({"order": "sorted"}, r"`order` to be one of \['natural', 'reversed', 'random'\]\. Received: order='sorted'"),
        ({"hidden": "natural"}, r"`hidden` to be one of \['sorted', 'random'\]\. Received: hidden='natural'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("made", event=Event((2,)), **settings)
