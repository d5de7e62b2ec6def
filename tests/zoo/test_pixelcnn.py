"""Facts of the paper of PixelCNN++, 1701.05517."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, events, float64, make
from tfflows import noise
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import PixelModel
from tfflows.networks import PixelCNN
from tfflows.pixel_mixture import PixelMixture

CASE = Case("pixelcnn", EVENTS["image"])


def outputs_of(mixture, shape=(5,), size=2.0):
    return tf.constant(size * np.random.default_rng(0).normal(size=(*shape, mixture.size)))


def test_pixel_depends_on_the_pixels_above_and_to_the_left():
    with float64():
        network = make(CASE).network
        x = tf.constant(np.random.default_rng(0).normal(size=(3, 4, 4, 1)))
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = network(x)
        jacobian = np.abs(tape.batch_jacobian(outputs, x)).max((0, 3, 6)).reshape(16, 16)
    earlier = np.tril(np.ones((16, 16), bool), -1)
    assert np.all(jacobian[~earlier] == 0)
    rows, columns = np.divmod(np.arange(16), 4)
    near = earlier & (rows[:, None] - rows <= 2) & (np.abs(columns[:, None] - columns) <= 2)
    assert np.all(jacobian[near] > 0), "a neighbor that comes before is not seen"


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_masses_of_all_values_of_a_pixel_add_up_to_1(channels):
    mixture = PixelMixture(levels=4, channels=channels, components=3)
    x = tf.constant(list(itertools.product(range(4), repeat=channels)), tf.float64)
    outputs = tf.repeat(outputs_of(mixture)[:1], len(x), axis=0)
    masses = np.exp(mixture.log_prob(outputs, x))
    np.testing.assert_allclose(masses.sum(), 1, rtol=1e-12)
    assert masses.max() < 0.9


def test_channels_shift_the_centers_of_later_ones():
    # One component: the center of green moves with red by tanh of its factor.
    mixture = PixelMixture(levels=256, channels=3, components=1)
    outputs = np.zeros(mixture.size)
    outputs[7:] = [50.0, -50.0, 0.0]  # green by red, blue by red, blue by green
    outputs[4:7] = -3.0  # narrow
    for red in (0, 100, 255):
        x = mixture.quantile(tf.constant(outputs[None]), tf.fill([1, 3], tf.constant(0.5, tf.float64)))
        given = [[red, int(128 + (red - 127.5)), int(128 - (red - 127.5))]]
        shifted = mixture.log_prob(tf.constant(outputs[None]), tf.constant(given, tf.float64))
        unshifted = mixture.log_prob(tf.constant(outputs[None]), tf.constant([[red, 127.0, 127.0]], tf.float64))
        assert red == 100 or shifted > unshifted + 10
    np.testing.assert_allclose(x, [[127.5] * 3], atol=1)


def test_quantiles_are_those_of_the_cells():
    mixture = PixelMixture(levels=5, channels=2, components=3)
    outputs = tf.repeat(outputs_of(mixture, size=0.3)[:1], 25, axis=0)
    x = tf.constant(list(itertools.product(range(5), repeat=2)), tf.float64)
    low, high = mixture.cells(outputs, x)
    np.testing.assert_allclose(np.prod(high - low, axis=-1), np.exp(mixture.log_prob(outputs, x)), rtol=1e-6)
    for place in (1e-3, 0.5, 1 - 1e-3):
        np.testing.assert_array_equal(mixture.quantile(outputs, low + place * (high - low)), x)


def test_samples_have_the_probabilities_of_the_model():
    event = Event((2, 2, 1), "uint8", 3)
    model = make(Case("pixelcnn", event))
    every = np.array(list(itertools.product(range(3), repeat=4)), np.uint8).reshape(-1, 2, 2, 1)
    expected = np.exp(model.log_prob(every).numpy().astype(np.float64))
    drawn = model.sample(20_000, seed=1).numpy().reshape(-1, 4) @ [27, 9, 3, 1]
    found = np.bincount(drawn, minlength=81) / 20_000
    assert np.abs(found - expected).max() < 4 * np.sqrt(expected.max() / 20_000)
    assert abs(found @ np.log(expected) - expected @ np.log(expected)) < 0.05


def test_sampling_sees_what_a_whole_pass_sees():
    # A latent in the middle of the cells that a whole pass gives decodes to the same pixels only if the steps agree.
    for event in (EVENTS["image"], Event((2, 3, 3), "uint8", 256, classes=2)):
        model = make(Case("pixelcnn", event))
        x, conditions = events(Case("pixelcnn", event), 16)
        for seed in (None, 3):
            decoded = model.decode(model.encode(x, **conditions, seed=seed), **conditions)
            np.testing.assert_array_equal(decoded, x)


def test_latents_with_a_seed_are_normal():
    # Images of many levels: equal ones would get equal noise.
    model = make(Case("pixelcnn", Event((2, 2, 1), "uint8", 256)))
    z = model.encode(model.sample(5000, seed=0), seed=1).numpy()
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert abs(z.std() - 1) < 4 / np.sqrt(2 * z.size)
    assert np.abs(np.corrcoef(z.reshape(-1, 4).T) - np.eye(4)).max() < 0.06


def test_vectors_and_continuous_images_are_refused():
    with pytest.raises(InputError, match="Expected images of integers"):
        PixelModel(Event((4, 4, 1)), PixelCNN(width=4, blocks=1), components=2)
    with pytest.raises(InputError, match="Expected an event of shape"):
        zoo.create("pixelcnn", event=Event((2,)))
    with pytest.raises(InputError, match=r"`num_importance_samples` to be 1: .* would not tighten"):
        make(CASE).log_prob(events(CASE, 2)[0], num_importance_samples=2)


def test_mixed_precision_samples_and_decodes():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make(Case("pixelcnn", Event((3, 4, 1), "uint8", 8, classes=2)))
        x, conditions = events(Case("pixelcnn", model.event), 4)
        assert model.sample(3, label=[0, 1, 1], seed=0).shape == (3, 3, 4, 1)
        decoded = model.decode(model.encode(x, **conditions), **conditions).numpy()
        assert np.mean(decoded != x) < 0.1, "rounding moves few latents into another cell"
    finally:
        keras.config.set_dtype_policy("float32")


def test_dropout_acts_in_training_alone():
    model = zoo.create("pixelcnn", CASE.event, width=4, blocks=1, components=2, dropout=0.5)
    x = tf.constant(events(CASE, 64)[0])
    model.initialize(x)
    for variable in model.trainable_variables:  # the last layer starts at zero
        variable.assign_add(0.1 * tf.random.stateless_normal(variable.shape, [0, 1]))
    seed = noise.seed_pair(0)
    scores = [model.log_prob_fn(x, None, seed, training=training).numpy() for training in (False, False, True)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[2] - scores[0]).max() > 0.01
