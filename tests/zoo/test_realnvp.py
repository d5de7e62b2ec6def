"""Facts of RealNVP's paper, 1605.08803."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, float64, make
from tfflows import bijectors, layers
from tfflows.bijectors import masks
from tfflows.errors import InputError
from tfflows.events import Event
from zoo import realnvp


def test_kept_entries_stay_and_changed_ones_depend_on_the_kept_alone():
    # Section 3.4: the Jacobian of a coupling is the identity on what is kept, and diagonal on what changes.
    with float64():
        random = np.random.default_rng(0)
        keep = masks.checkerboard((4, 4, 1), flip=False)
        kernel = tf.constant(random.normal(size=(16, 32)))

        def transform(kept):
            log_scale, shift = tf.split(tf.reshape(tf.reshape(kept, [-1, 16]) @ kernel, [-1, 4, 4, 2]), 2, axis=-1)
            return bijectors.Affine(shift, tf.tanh(log_scale))

        x = tf.constant(random.normal(size=(1, 4, 4, 1)))
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = bijectors.MaskedCoupling(keep, transform).inverse(x)
        jacobian = np.reshape(tape.jacobian(z, x), [16, 16])
    kept, changed = np.flatnonzero(keep), np.flatnonzero(~keep)
    np.testing.assert_array_equal(jacobian[np.ix_(kept, kept)], np.eye(8))
    np.testing.assert_array_equal(jacobian[np.ix_(kept, changed)], np.zeros((8, 8)))
    inner = jacobian[np.ix_(changed, changed)]
    np.testing.assert_array_equal(inner[~np.eye(8, dtype=bool)], 0)
    assert np.all(np.diag(inner) != 1)
    assert np.all(jacobian[np.ix_(changed, kept)] != 0)


def test_masks_are_those_of_figure_3():
    board = masks.checkerboard((4, 4, 2), flip=False)
    assert board.sum() == 16
    assert not np.any(board[0::2, 0::2])
    assert np.all(board[0::2, 1::2])
    np.testing.assert_array_equal(masks.checkerboard((4, 4, 2), flip=True), ~board)
    channels = masks.halves((2, 2, 4), flip=False)
    np.testing.assert_array_equal(channels[0, 0], [True, True, False, False])
    np.testing.assert_array_equal(masks.alternating((5,), flip=True), [True, False, True, False, True])


def test_squeeze_moves_blocks_of_pixels_to_channels():
    x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    z = bijectors.Squeeze().inverse(x)
    np.testing.assert_array_equal(z[0, 0, 0], [0, 1, 4, 5])
    np.testing.assert_array_equal(bijectors.Squeeze().forward(tf.identity(z)), x)


def test_each_scale_factors_out_half_of_what_it_has():
    # Section 3.6: z holds D/2 entries of the first scale, D/4 of the second, ...
    model = zoo.create("realnvp", event=Event((8, 8, 3), "uint8", 256), scales=3, width=4, blocks=1).flow
    seen = [layer.shape for layer in model.flow_layers if isinstance(layer, layers.FactorOut)]
    assert seen == [(4, 4, 12), (2, 2, 24)]
    assert model.last_shape == (2, 2, 12)
    kinds = [layer.keep.tolist() for layer in model.flow_layers if isinstance(layer, layers.AffineCoupling)]
    assert len(kinds) == 3 + 3 + 3 + 3 + 4
    assert kinds[0] != kinds[1] == [[[not c for c in b] for b in a] for a in kinds[0]]


def test_log_scale_stays_within_its_learned_bound():
    model = make(Case("realnvp", EVENTS["vector"]))
    far = tf.constant([[1e4], [-1e4]])
    for layer in model.flow_layers:
        if isinstance(layer, layers.AffineCoupling):
            assert np.all(np.abs(layer._affine(far, None, False, None).log_scale) <= np.abs(layer.bound) * (1 + 1e-6))


def test_new_flow_is_the_normalised_base():
    # The networks end in zeros, so a new model is ActNorm alone: on standardized data its score is the base's entropy.
    model = zoo.create("realnvp", event=Event((3,)))
    x = np.random.default_rng(0).normal(2.0, 5.0, (5000, 3)).astype(np.float32)
    model.initialize(tf.constant(x))
    z = model.encode(x).numpy()
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(0), 1, atol=1e-3)


def test_settings_of_cifar10_are_the_papers():
    config = zoo.configure("realnvp", "cifar10")
    assert (config.model["scales"], config.model["width"], config.model["blocks"]) == (2, 64, 8)
    assert (config.model["l2"], config.model["alpha"], config.train["batch_size"]) == (5e-5, 0.05, 64)
    assert realnvp.PRESETS["cifar10"]["published"] == "3.49 bits/dim"


@pytest.mark.parametrize(
    ("event", "settings", "message"),
    [
        (Event((1,)), {}, r"at least 2 entries on the last axis.*Received: shape=\(1,\)"),
        (
            Event((7, 8, 1), "uint8", 256),
            {},
            r"even height and width to squeeze: use fewer scales\. Received: shape=\(7, 8, 1\)",
        ),
        (Event((4, 4)), {}, r"event of shape \(dimension,\) or \(height, width, channels\)\. Received: shape=\(4, 4\)"),
    ],
)
def test_event_that_it_cannot_take_is_refused(event, settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("realnvp", event=event, **settings)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match=r"`bound` to be positive.*Received: bound=0\.0"):
        zoo.create("realnvp", event=Event((4, 4, 1), "uint8", 256), scales=1, width=4, bound=0.0)
    with pytest.raises(
        InputError, match=r"Expected a setting of realnvp, one of \['couplings', 'width', 'depth', 'base'\]"
    ):
        zoo.create("realnvp", event=Event((2,)), blocks=3)
