"""Facts of NAF's paper, 1804.00779; those of its scalar maps are in tests/bijectors/test_monotonic.py."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, assert_finite_at, float64
from tfflows import layers
from tfflows.errors import InputError
from tfflows.events import Event


def moved(size=0.2, **settings):
    """A model with every weight moved from its initial value."""
    model = zoo.create("naf", event=settings.pop("event", EVENTS["vector"]), width=16, **settings)
    model.initialize(tf.cast(tf.random.stateless_normal([64, *model.event.shape], [0, 1]), model.compute_dtype))
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + size * random.normal(size=variable.shape))
    return model


@pytest.mark.parametrize("kind", ["dsf", "ddsf"])
def test_each_flow_is_triangular_and_increasing(kind):
    with float64():
        model = moved(event=Event((4,)), kind=kind, flows=1)
        x = tf.constant(np.random.default_rng(1).normal(size=(5, 4)))
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = model.bijector().inverse(x)
        jacobian = tape.batch_jacobian(z, x).numpy()
    assert np.all(jacobian[:, np.triu(np.ones((4, 4), bool), 1)] == 0)
    assert np.all(jacobian[:, np.eye(4, dtype=bool)] > 0)
    assert np.all(np.abs(jacobian).max(0)[np.tril(np.ones((4, 4), bool))] > 0)


def test_one_flow_makes_two_modes_of_one():
    # Section 3: affine conditionals are unimodal; one sigmoidal flow of two units is not.
    model = zoo.create("naf", event=Event((1,)), flows=1, kind="dsf", units=2, layers=1)
    model.initialize(tf.constant([[-1.0], [1.0]]))
    bias = model.flow_layers[1].network.weights[-1]
    bias.assign([5.0, 5.0, 15.0, -15.0, 0.0, 0.0])  # slopes about 5.5, places -3 and 3
    density = np.exp(model.log_prob(np.linspace(-4, 4, 401, dtype=np.float32)[:, None]).numpy())
    peaks = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] > density[2:]))
    assert len(peaks) == 2
    assert density[200] < 0.1 * density.max()


def test_inputs_far_outside_one_sigmoidal_layer_have_finite_scores_and_gradients():
    model = moved(kind="dsf", units=4)
    x = tf.constant([[1e4, -1e4], [0.0, 1e4]])
    assert_finite_at(x, model)


def test_plain_flow_is_inverted_too():
    with float64():
        model = moved(kind="dsf", flows=2, units=4, layers=2)
        x = tf.constant(np.random.default_rng(1).normal(size=(5, 2)))
        z = model.bijector().inverse(x)
        np.testing.assert_allclose(model.bijector().forward(tf.identity(z)), x, atol=1e-9)


def test_orders_are_reversed():
    model = zoo.create("naf", event=Event((3,)), flows=3, width=8)
    orders = [layer.degrees.tolist() for layer in model.flow_layers if isinstance(layer, layers.Autoregressive)]
    assert orders == [[1, 2, 3], [3, 2, 1], [1, 2, 3]]


def test_kind_that_it_does_not_know_is_refused():
    with pytest.raises(InputError, match=r"`kind` to be one of \['dsf', 'ddsf'\]\. Received: kind='dense'"):
        zoo.create("naf", event=Event((2,)), kind="dense")
