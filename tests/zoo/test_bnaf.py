"""Facts of B-NAF's paper, 1904.04676."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, float64
from tfflows import layers
from tfflows.bijectors import BlockAffine, BlockAutoregressive
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers.block_autoregressive import BlockAutoregressive as Layer


def moved(size=0.2, **settings):
    """A model with every weight moved from its initial value."""
    model = zoo.create("bnaf", event=settings.pop("event", EVENTS["vector"]), **settings)
    context = np.zeros([64, model.event.context]) if model.event.context else None
    model.initialize(
        tf.random.stateless_normal([64, *model.event.shape], [0, 1], dtype=model.compute_dtype), None, context
    )
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + size * random.normal(size=variable.shape))
    return model


def jacobian(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.batch_jacobian(y, x).numpy()


@pytest.mark.parametrize("depth", [1, 3])
def test_each_flow_is_triangular_and_increasing(depth):
    with float64():
        model = moved(size=1.0, event=Event((4,)), flows=1, units=3, depth=depth)
        model.flow_layers[1].gate.assign(10.0)  # leaves almost nothing but the network
        x = tf.constant(np.random.default_rng(1).normal(size=(100, 4)))
        slopes = jacobian(model.bijector().inverse, x)
    assert np.all(slopes[:, np.triu(np.ones((4, 4), bool), 1)] == 0)
    assert np.all(slopes[:, np.eye(4, dtype=bool)] > 0)
    assert np.all(np.abs(slopes).max(0)[np.tril(np.ones((4, 4), bool))] > 0)


def test_rows_are_normalized():
    # The weights into a unit are exp(log_scale) * v / |v|.
    layer = Layer(units=3)
    layer.build((None, 4))
    for weights, affine in zip(layer.maps, layer.bijector().affines, strict=True):
        squares = np.sum(np.exp(2 * affine.log_diagonal), axis=1) + np.sum(affine.lower.numpy() ** 2, axis=(0, 1))
        np.testing.assert_allclose(np.sqrt(squares), np.exp(10 * np.tanh(weights["log_scale"] / 10)), rtol=1e-5)


def test_one_entry_and_one_unit_have_a_closed_form():
    # A row of one weight is exp(log_scale), whatever its direction; the gate starts at 1/2.
    model = moved(event=Event((1,)), flows=1, units=1)
    norm, layer = model.flow_layers
    norm.shift.assign([0.0])
    norm.log_scale.assign([0.0])
    for place, (log_scale, bias) in enumerate([(0.7, -0.3), (0.4, 0.2)]):
        layer.maps[place]["log_scale"].assign([[log_scale]])
        layer.maps[place]["bias"].assign([[bias]])
    layer.gate.assign(0.0)
    x = np.linspace(-4, 4, 9)[:, None]
    a, c = (np.exp(10 * np.tanh(s / 10)) for s in (0.7, 0.4))
    unit = np.tanh(a * x - 0.3)
    bijector = model.bijector()
    np.testing.assert_allclose(bijector.inverse(tf.constant(x, tf.float32)), (x + c * unit + 0.2) / 2, rtol=1e-5)
    log_det = bijector.inverse_log_det_jacobian(tf.constant(x, tf.float32), event_ndims=1)
    np.testing.assert_allclose(log_det, np.log((1 + c * a * (1 - unit**2)) / 2)[:, 0], atol=1e-5)


def test_one_flow_makes_two_modes_of_one():
    # A sigmoidal unit is steep at each of them, and the network flat between.
    model = zoo.create("bnaf", event=Event((1,)), flows=1, units=2)
    model.initialize(tf.constant([[-1.0], [1.0]]))
    layer = model.flow_layers[1]
    layer.maps[0]["log_scale"].assign([[1.5, 1.5]])
    layer.maps[0]["bias"].assign([[6.0, -6.0]])
    layer.maps[1]["log_scale"].assign([[0.35]])
    layer.gate.assign(5.0)
    density = np.exp(model.log_prob(np.linspace(-4, 4, 401, dtype=np.float32)[:, None]).numpy())
    peaks = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] > density[2:]))
    assert len(peaks) == 2
    assert density[200] < 0.2 * density.max()


def extreme(gate):
    """A map of steep networks, with large numbers of both signs, and with a gate of this logit."""
    random = np.random.default_rng(0)
    affines = []
    for inputs, outputs in ((1, 5), (5, 5), (5, 1)):
        lower = 3 * random.normal(size=(3, inputs, 3, outputs)) * np.triu(np.ones([3, 3]), 1)[:, None, :, None]
        log_diagonal, bias = 2 * random.normal(size=(3, inputs, outputs)), 5 * random.normal(size=(1, 3, outputs))
        affines.append(BlockAffine(*map(tf.constant, (log_diagonal, lower, bias))))
    return BlockAutoregressive(affines, tf.constant(gate, tf.float64))


@pytest.mark.parametrize("gate", [-100.0, 0.0, 100.0])
def test_each_flow_is_onto_the_real_vectors(gate):
    # tanh is bounded, and so is the network; far outside its range there still is a point that the flow maps there.
    z = tf.constant([[0.0, 0.0, 0.0], [1e4, -1e4, 1e4], [-30.0, 3.0, 1e3], [-1e4, 1e2, -1e3]], tf.float64)
    x = extreme(gate).forward(z)
    assert np.isfinite(x).all()
    np.testing.assert_allclose(extreme(gate).inverse(tf.identity(x)), z, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("gate", [-100.0, 0.0, 100.0])
def test_derivatives_are_above_the_linear_share(gate):
    x = tf.constant(np.random.default_rng(0).normal(0, 50, (200, 3)))
    slopes = jacobian(extreme(gate).inverse, x)[:, np.eye(3, dtype=bool)]
    assert np.all(slopes >= (1 - 1e-9) / (1 + np.exp(5)))
    log_det = extreme(gate).inverse_log_det_jacobian(x, event_ndims=1)
    np.testing.assert_allclose(log_det, np.log(slopes).sum(-1), rtol=1e-9)


@pytest.mark.slow
def test_sampling_computes_one_entry_after_another():
    with float64():
        model = moved(event=Event((5,)), flows=2, units=4, depth=2)
        x = tf.constant(np.random.default_rng(1).normal(size=(6, 5)))
        z = model.bijector().inverse(x)
        np.testing.assert_allclose(model.bijector().forward(tf.identity(z)), x, atol=1e-9)
        product = jacobian(model.bijector().forward, tf.identity(z)) @ jacobian(model.bijector().inverse, x)
        np.testing.assert_allclose(product, np.tile(np.eye(5), [6, 1, 1]), atol=1e-8)


def test_samples_of_a_graph_are_those_of_eager_execution():
    model = moved(event=Event((5,)), flows=2, units=4)
    z = tf.random.stateless_normal([6, 5], [0, 1])
    in_graph = tf.function(lambda z: model.bijector().forward(z), input_signature=[tf.TensorSpec([None, 5])])
    np.testing.assert_allclose(in_graph(z), model.bijector().forward(z), rtol=1e-5, atol=1e-5)


def test_orders_are_reversed_between_flows():
    model = zoo.create("bnaf", event=Event((3,)), flows=3, units=2)
    kinds = [type(layer) for layer in model.flow_layers]
    assert kinds == [layers.ActNorm, Layer, layers.Reverse] * 2 + [layers.ActNorm, Layer]


def test_context_reaches_every_entry():
    with float64():
        model = moved(event=Event((3,), context=2), flows=1, units=3)
        x = tf.zeros([1, 3], tf.float64)
        slopes = jacobian(lambda c: model.bijector(c).inverse(x), tf.zeros([1, 2], tf.float64))
    assert np.all(slopes != 0)


# Parameters of NAF with 5 flows, in the authors' code of B-NAF, `density_estimation.py`.
OF_NAF = {"power": (6, 414213), "gas": (8, 401741), "miniboone": (43, 7487321), "hepmass": (21, 9272743)}
OF_NAF["bsds300"] = (63, 36759591)


@pytest.mark.parametrize("name", OF_NAF)
def test_parameters_are_a_fraction_of_those_of_naf(name):
    dimension, of_naf = OF_NAF[name]
    model = zoo.create("bnaf", Event((dimension,)), preset=name)
    known = [layer for layer in model.flow_layers if isinstance(layer, Layer)]
    # The authors' code counts a weight unless it is masked.
    unmasked = sum(layer.count_params() for layer in known)
    unmasked -= sum(2 * 10 * (dimension**2 - dimension * (dimension - 1) // 2) for _ in known)
    width, pairs = 10 * dimension, dimension * (dimension + 1) // 2
    assert unmasked == 5 * (2 * 10 * pairs + 2 * (width + dimension) + 1)
    print(f"{name}: {unmasked:,} parameters, and {of_naf:,} of NAF")
    assert 20 * unmasked < of_naf


@pytest.mark.parametrize("name", ["units", "depth"])
def test_network_without_units_is_refused(name):
    with pytest.raises(InputError, match=rf"`{name}` to be 1 or more\. Received: {name}=0"):
        Layer(**{"units": 3, name: 0})
