"""Autoregressive layers over maps: their order, log-determinants, both directions, context; and wrong masks."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases import float64
from tfflows.bijectors import BoundedAffine, Gated
from tfflows.errors import InputError
from tfflows.layers import AutoregressiveConv
from tfflows.networks import MaskedConvNet, masked_conv

SHAPES = [(3, 3, 2), (2, 3, 3), (2, 2, 1), (1, 1, 3), (1, 1, 1)]
ORDERS = ["natural", "reversed"]
ROWS = 4


def made_layer(shape, order, *, width=6, depth=2, context_channels=0, transformer=Gated()):  # noqa: B008
    """A layer with nonzero weights, in the current precision."""
    conditioner = MaskedConvNet(width=width, depth=depth, context_channels=context_channels)
    layer = AutoregressiveConv(conditioner=conditioner, transformer=transformer, order=order)
    layer.build((None, *shape))
    random = np.random.default_rng(0)
    for weight in layer.trainable_variables:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return layer


def drawn(shape, seed=1):
    return tf.constant(np.random.default_rng(seed).normal(size=(ROWS, *shape)))


def places(shape, order):
    """Where each place of the order is in memory: rows from above, pixels from the left, channels from the first."""
    memory = np.arange(np.prod(shape))
    return memory if order == "natural" else memory[::-1]


def jacobian_is_triangular_in_the_order(shape, order, **settings):
    with float64():
        layer, x = made_layer(shape, order, **settings), drawn(shape)
        bijector = layer.bijector()
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            z = bijector.inverse(x)
        jacobian = np.reshape(
            tape.batch_jacobian(z, x, experimental_use_pfor=False), [ROWS, x[0].shape.num_elements(), -1]
        )
        log_det = bijector.inverse_log_det_jacobian(x, event_ndims=3)
        np.testing.assert_allclose(log_det, np.linalg.slogdet(jacobian)[1], atol=1e-9)
        size = np.abs(jacobian).max(axis=0)[np.ix_(places(shape, order), places(shape, order))]
        assert np.all(size[~np.tri(len(size), dtype=bool)] == 0)
        assert np.all(np.diag(size) > 0)
        seen = near_before(shape)
        assert np.all(size[seen] > 0), "an entry near by is not seen"


def near_before(shape):
    """Which entry should see which, by position: those before it in its pixel and in the pixels of the kernel."""
    at = [
        (row, column, channel) for row in range(shape[0]) for column in range(shape[1]) for channel in range(shape[2])
    ]
    near = [[max(abs(a - b) for a, b in zip(one[:2], other[:2], strict=True)) <= 1 for other in at] for one in at]
    return np.array(near) & np.tri(len(at), k=-1, dtype=bool)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_jacobian_is_triangular_in_the_order(shape, order):
    jacobian_is_triangular_in_the_order(shape, order)


@pytest.mark.parametrize("order", ORDERS)
def test_one_hidden_layer_and_another_family(order):
    jacobian_is_triangular_in_the_order((2, 3, 2), order, depth=1, transformer=BoundedAffine())


MUTANTS = {
    "outputs see their own entry": lambda taps: (taps[1, 1], True),
    "outputs see nothing of their pixel": lambda taps: (taps[1, 1], False),
    "pixels after are open": lambda taps: (taps[1, 2], True),
    "the row after is open": lambda taps: (taps[2], True),
    "the row before is closed": lambda taps: (taps[0], False),
    "the pixel before is closed": lambda taps: (taps[1, 0], False),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_masks_are_found(name, order, monkeypatch):
    kernel_mask = masked_conv.kernel_mask

    def mutant(center, *, backwards):
        taps = kernel_mask(center, backwards=backwards)
        view, value = MUTANTS[name](taps[::-1, ::-1] if backwards else taps)
        view[...] = value
        return taps

    monkeypatch.setattr(masked_conv, "kernel_mask", mutant)
    with pytest.raises(AssertionError):
        jacobian_is_triangular_in_the_order((3, 3, 2), order)


@pytest.mark.parametrize("order", ORDERS)
def test_order_that_is_not_reversed_is_found(order, monkeypatch):
    kernel_mask = masked_conv.kernel_mask
    monkeypatch.setattr(
        masked_conv, "kernel_mask", lambda center, backwards: kernel_mask(center, backwards=not backwards)
    )
    with pytest.raises(AssertionError):
        jacobian_is_triangular_in_the_order((3, 3, 2), order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_forward_inverts_inverse(shape, order):
    with float64():
        layer, x, context = made_layer(shape, order, context_channels=2), drawn(shape), drawn((*shape[:2], 2), 2)
        z = layer.bijector(context).inverse(x)
        bijector, at = layer.bijector(context), tf.identity(z)
        np.testing.assert_allclose(bijector.forward(at), x, atol=1e-8)
        log_dets = layer.bijector(context).inverse_log_det_jacobian(x, event_ndims=3)
        np.testing.assert_allclose(bijector.forward_log_det_jacobian(at, event_ndims=3), -log_dets, atol=1e-8)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_context_moves_every_entry(shape, order):
    with float64():
        layer, x, context = made_layer(shape, order, context_channels=2), drawn(shape), drawn((*shape[:2], 2), 2)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(context)
            z = layer.bijector(context).inverse(x)
        slopes = np.reshape(
            tape.batch_jacobian(z, context, experimental_use_pfor=False), [ROWS, x[0].shape.num_elements(), -1]
        )
        assert np.all(np.abs(slopes).max(axis=(0, 2)) > 0)


@pytest.mark.parametrize("shape", [(3, 3, 2), (2, 2, 1)])
def test_every_weight_gets_a_gradient(shape):
    with float64():
        layer, x, context = made_layer(shape, "natural", context_channels=2), drawn(shape), drawn((*shape[:2], 2), 2)
        with tf.GradientTape(persistent=True) as tape:
            bijector = layer.bijector(context)
            loss = tf.reduce_sum(bijector.inverse(x) ** 2) + tf.reduce_sum(bijector.inverse_log_det_jacobian(x, 3))
        gradients = tape.gradient(loss, layer.trainable_variables)
        assert len(gradients) == 3 * 2 + 1
        assert all(np.isfinite(gradient).all() and np.any(gradient) for gradient in gradients)
        # Weights are used exactly where the mask is 1.
        for conv in (layer.network.hidden[1], layer.network.last):
            np.testing.assert_array_equal(tape.gradient(loss, conv.kernel) != 0, conv.mask)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_fewer_feature_maps_than_channels(width):
    with float64():
        layer, x = made_layer((2, 2, 4), "natural", width=width), drawn((2, 2, 4))
        z = layer.bijector().inverse(x)
        np.testing.assert_allclose(layer.bijector().forward(tf.identity(z)), x, atol=1e-8)


def test_layer_starts_as_its_family_does():
    conditioner = MaskedConvNet(width=4, depth=1)
    layer = AutoregressiveConv(conditioner=conditioner, transformer=BoundedAffine())
    x = tf.cast(drawn((2, 2, 3)), tf.float32)
    layer.build(x.shape)
    np.testing.assert_array_equal(layer.bijector().inverse(x), x)


def test_far_maps_have_finite_latents_and_gradients():
    layer = made_layer((2, 2, 2), "natural")
    x = tf.constant([1e4, -1e4] * 4, shape=[1, 2, 2, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        bijector = layer.bijector()
        total = tf.reduce_sum(bijector.inverse(x)) + bijector.inverse_log_det_jacobian(x, event_ndims=3)
    for part in (total, *tape.gradient(total, [x, *layer.trainable_variables])):
        assert np.isfinite(part).all()


@pytest.mark.parametrize(
    ("outputs", "degrees", "settings", "message"),
    [
        (4, np.arange(1, 9).reshape(2, 2, 2), {"depth": 0}, r"`depth` to be 1 or more\. Received: depth=0"),
        (4, np.arange(1, 9).reshape(2, 2, 2), {"depth": 1, "activation": "no"}, "`activation` to be one of .*'no'"),
        (
            5,
            np.arange(1, 9).reshape(2, 2, 2),
            {"depth": 1},
            "multiple of the number of channels.*outputs=5, channels=2",
        ),
        (4, np.arange(8).reshape(2, 2, 2), {"depth": 1}, "in row-major order or its reverse"),
        (4, np.arange(1, 5), {"depth": 1}, r"`degrees` of shape \[height, width, channels\]"),
    ],
)
def test_settings_that_make_no_sense_are_refused(outputs, degrees, settings, message):
    with pytest.raises(InputError, match=message):
        MaskedConvNet(outputs, degrees=degrees, width=4, **settings).build((None, 2, 2, 2))


def test_random_order_is_refused():
    with pytest.raises(InputError, match=r"`order` to be one of \['natural', 'reversed'\]\. Received: order='random'"):
        AutoregressiveConv(conditioner=MaskedConvNet(width=4, depth=1), transformer=Gated(), order="random")
