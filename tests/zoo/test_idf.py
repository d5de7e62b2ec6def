"""Facts of the paper of integer discrete flows, 1905.07376; lossless compression is in tests/test_compression.py."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, events, make
from tests.probability_laws import REACH, assert_masses_add_up_to_1
from tfflows import layers, noise
from tfflows.bijectors import RoundedShift
from tfflows.bijectors.rounded import rounded
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.integers import DiscretizedLogisticMixture
from tfflows.models import IntegerFlow
from tfflows.networks import DenseNet

CASE = Case("idf", EVENTS["image"])


def test_weights_are_those_of_the_authors_network_for_cifar10():
    # Squeezed: 12 channels at 16 x 16. A coupling keeps 9 and changes 3; 12 layers add 512 maps.
    network = DenseNet(3, width=512, depth=12)
    network.build((None, 16, 16, 9))
    total, channels = 0, 9
    for growth in [512 * (place + 1) // 12 - 512 * place // 12 for place in range(12)]:
        total += channels * channels + channels + 9 * channels * growth + growth
        channels += growth
    assert channels == 9 + 512
    assert network.count_params() == total + 9 * channels * 3 + 3


def test_network_with_fewer_maps_than_layers_is_refused():
    with pytest.raises(InputError, match=r"`width` to be `depth` or more.*Received: width=8, depth=12"):
        zoo.create("idf", EVENTS["image"], scales=1, couplings=1, width=8)


def test_coupling_changes_a_quarter_given_the_other_three():
    model = make(CASE)
    coupling = next(layer for layer in model.chains[0].flow_layers if isinstance(layer, layers.Coupling))
    x = tf.constant(np.random.default_rng(0).integers(0, 8, (3, 2, 2, 4)), tf.float32)
    z = coupling.bijector().inverse(x).numpy()
    np.testing.assert_array_equal(z[..., :3], x[..., :3])
    assert np.any(z[..., 3] != x[..., 3])
    np.testing.assert_array_equal(z, np.round(z))
    other = tf.concat([x[..., :3], x[..., 3:] + 5], axis=-1)
    np.testing.assert_array_equal(coupling.bijector().inverse(other).numpy()[..., 3], z[..., 3] + 5)


def test_rounding_passes_the_gradient_on():
    x = tf.constant([-1.6, -0.5, 0.2, 0.5, 1.7])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = rounded(x) * [1.0, 2.0, 3.0, 4.0, 5.0]
    np.testing.assert_array_equal(tape.gradient(y, x), [1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(rounded(x), [-2.0, 0.0, 0.0, 0.0, 2.0])


def test_shift_of_integers_is_inverted_bit_by_bit_far_outside():
    shift = RoundedShift(256)(tf.constant(np.random.default_rng(0).normal(size=(1000, 1, 1)), tf.float32))
    x = tf.constant(np.random.default_rng(1).integers(-(2**20), 2**20, (1000, 1)), tf.float32)
    z = shift.inverse(x)
    np.testing.assert_array_equal(z, np.round(z))
    np.testing.assert_array_equal(shift.forward(tf.identity(z)), x)


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("levels", [2, 256])
def test_distribution_of_an_integer_adds_up_to_1_and_draws_have_their_masses(components, levels):
    integers = DiscretizedLogisticMixture(levels, components)
    outputs = tf.constant(0.4 * np.random.default_rng(0).normal(size=(1, integers.size)), tf.float64)
    values = np.arange(-20 * levels, 21 * levels)
    many = tf.repeat(outputs, len(values), axis=0)
    masses = np.exp(integers.log_prob(many, tf.constant(values[:, None], tf.float64)))[:, 0]
    assert masses.sum() == pytest.approx(1, abs=1e-9)
    n = 40_000
    u = noise.uniform(noise.split(noise.seed_pair(0), n), (1,), tf.float64)
    drawn = integers.draw(tf.repeat(outputs, n, axis=0), u, tf.ones([n])).numpy()[:, 0]
    for function in (np.sin, np.cos, lambda z: z):
        expected = np.sum(masses * function(values / levels))
        found = function(drawn / levels)
        assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(n)


def test_masses_add_up_to_1_where_half_is_factored_out():
    # A tiny model of two scales: the second sees 2 channels, and the other 2 have a distribution given these.
    conditioner = DenseNet(width=6, depth=1, levels=3)
    shift = RoundedShift(3)
    scales = [
        [layers.Squeeze(), layers.Shuffle(), layers.Coupling("quarters", conditioner=conditioner, transformer=shift)],
        [layers.Coupling("halves", conditioner=conditioner, transformer=shift)],
    ]
    model = IntegerFlow(Event((2, 2, 1), "uint8", 3), scales, prior=conditioner, components=2)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(weight.numpy() + 0.15 * random.normal(size=weight.shape))
    assert_masses_add_up_to_1(model, REACH, {})


def test_latents_are_integers_and_every_image_comes_back():
    model, (x, _) = make(CASE), events(CASE, 200)
    z = model.encode(x).numpy()
    np.testing.assert_array_equal(z, np.round(z))
    assert np.any(z != x.reshape(200, -1))
    np.testing.assert_array_equal(model.decode(z), x)


def test_score_is_exact_and_has_no_noise():
    model, (x, _) = make(CASE), events(CASE, 4)
    assert model.score_kind == "exact"
    np.testing.assert_array_equal(model.log_prob(x, seed=1), model.log_prob(x, seed=2))
    with pytest.raises(InputError, match=r"`num_importance_samples` to be 1: .* would not tighten"):
        model.log_prob(x, num_importance_samples=2)
    with pytest.raises(InputError, match=r"no `seed`: the latent of integers is exact\. Received: seed=1"):
        model.encode(x, seed=1)


def test_untrained_model_has_the_distribution_of_its_first_components():
    model = zoo.create("idf", Event((4, 4, 1), "uint8", 8), scales=2, couplings=1, width=4, depth=1)
    x = np.random.default_rng(0).integers(0, 8, (5, 4, 4, 1)).astype(np.uint8)
    np.testing.assert_array_equal(np.sort(model.encode(x), axis=1), np.sort(x.reshape(5, -1), axis=1))
    scale, centered = 0.8, x.astype(float) - 3.5
    masses = 1 / (1 + np.exp(-(centered + 0.5) / scale)) - 1 / (1 + np.exp(-(centered - 0.5) / scale))
    np.testing.assert_allclose(model.log_prob(x), np.log(masses).sum((1, 2, 3)), rtol=1e-5)


def test_temperature_narrows_what_is_drawn():
    model = make(CASE)
    cold, cool, warm = (model.sample(64, seed=0, temperature=t).numpy().astype(float) for t in (0.0, 0.5, 1.0))
    assert cold.std(0).mean() < cool.std(0).mean() < warm.std(0).mean()


def test_real_numbers_are_refused():
    with pytest.raises(InputError, match=r"`event` of integers, with `levels`\. Received: event="):
        zoo.create("idf", Event((4, 4, 1)))


def test_vectors_of_integers_are_refused():
    with pytest.raises(InputError, match=r"Expected images of integers, with `levels`\. Received: event="):
        IntegerFlow(Event((4,), "uint8", 8), [[]], prior=DenseNet(width=4, depth=1))
