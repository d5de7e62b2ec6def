"""Facts of Glow's paper, 1807.03039."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import EVENTS, Case, assert_finite_at, events, float64, make, number_of_weights
from tfflows import bijectors, layers
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import Flow
from zoo import glow

IMAGE = Event((4, 4, 1), "uint8", 8)


def linear(permutation, channels=6):
    layer = glow.PERMUTATIONS[permutation]()
    layer.build((None, 2, 2, channels))
    return layer


def matrix(layer, channels=6):
    """W, as what the layer makes of the unit vectors."""
    return layer.bijector().inverse(tf.eye(channels, dtype=layer.compute_dtype)).numpy().T


def test_log_det_of_plu_is_that_of_the_composed_matrix():
    # Section 3.2: W = P L (U + diag(s)), log |det W| = sum(log |s|).
    with float64():
        layer = linear("plu")
        layer.packed.assign_add(np.random.default_rng(0).normal(size=(6, 6)))
        packed = layer.packed.numpy()
        permutation = np.eye(6)[layer.order.numpy()]
        lower = np.tril(packed, -1) + np.eye(6)
        upper = np.triu(packed, 1) + np.diag(layer.sign.numpy() * np.exp(np.diag(packed)))
        np.testing.assert_allclose(matrix(layer), permutation @ lower @ upper, atol=1e-12)
        log_det = layer.bijector().inverse_log_det_jacobian(tf.zeros([1, 2, 2, 6], tf.float64), event_ndims=3)
        np.testing.assert_allclose(log_det, [4 * np.linalg.slogdet(matrix(layer))[1]], rtol=1e-10)
        np.testing.assert_allclose(log_det, [4 * np.trace(packed)], rtol=1e-10)


@pytest.mark.parametrize("permutation", ["plu", "plain"])
def test_matrices_start_as_random_rotations(permutation):
    with float64():
        layer, other = linear(permutation), linear(permutation)
        weight = matrix(layer)
        np.testing.assert_allclose(weight @ weight.T, np.eye(6), atol=1e-6)
        np.testing.assert_allclose(layer.bijector().log_abs_det(), 0, atol=1e-6)
        assert not np.allclose(weight, matrix(other))
        assert np.abs(weight - np.diag(np.diag(weight))).max() > 0.1


def test_log_det_of_a_plain_matrix_is_its_own():
    with float64():
        layer = linear("plain")
        layer.weight.assign_add(np.random.default_rng(0).normal(size=(6, 6)))
        np.testing.assert_allclose(layer.bijector().log_abs_det(), np.linalg.slogdet(layer.weight)[1], rtol=1e-10)


def test_fixed_permutations_move_entries():
    np.testing.assert_array_equal(matrix(linear("reverse")), np.eye(6)[::-1])
    shuffled = matrix(linear("shuffle"))
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(np.eye(6), axis=0))
    np.testing.assert_array_equal(shuffled.sum(1), np.ones(6))


@pytest.mark.parametrize("permutation", glow.PERMUTATIONS)
def test_every_permutation_inverts_and_is_that_of_the_seed(permutation):
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 2, 6)), tf.float32)
    keras.utils.set_random_seed(4)
    layer = linear(permutation)
    z = layer.bijector().inverse(x)
    np.testing.assert_allclose(layer.bijector().forward(tf.identity(z)), x, atol=1e-5)
    assert np.max(np.abs(z - x)) > 0.1
    keras.utils.set_random_seed(4)
    np.testing.assert_array_equal(matrix(linear(permutation)), matrix(layer))


@pytest.mark.parametrize("permutation", ["plu", "shuffle"])
def test_what_is_fixed_is_saved(permutation, tmp_path):
    model = zoo.create("glow", event=Event((6,)), steps=2, width=4, depth=1, permutation=permutation)
    other = zoo.create("glow", event=Event((6,)), steps=2, width=4, depth=1, permutation=permutation)
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    model.initialize(tf.constant(x))
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(model.encode(x), other.encode(x))


def test_actnorm_is_set_from_data_once_and_keeps_what_it_learned(tmp_path):
    # Section 3.1: "zero mean and unit variance given an initial minibatch", then ordinary weights.
    model = zoo.create("glow", event=IMAGE, scales=1, steps=1, width=4)
    with pytest.raises(InputError, match=r"Expected a model that is initialized: call model\.initialize\(batch\)"):
        model.sample(1)
    x, _ = events(Case("glow", IMAGE), 64)
    model.initialize(tf.constant(x))
    rescale, squeeze, actnorm = model.flow.flow_layers[:3]
    z = actnorm(squeeze(rescale(tf.constant(x, tf.float32) + 0.5))).numpy()
    np.testing.assert_allclose(z.mean((0, 1, 2)), 0, atol=0.1)  # the noise of dequantization is another
    np.testing.assert_allclose(z.std((0, 1, 2)), 1, atol=0.05)
    before = actnorm.shift.numpy()
    model.initialize(tf.constant(x // 2))
    np.testing.assert_array_equal(actnorm.shift, before)
    model.save_weights(tmp_path / "model.weights.h5")
    other = zoo.create("glow", event=IMAGE, scales=1, steps=1, width=4)
    other.load_weights(tmp_path / "model.weights.h5")
    assert other.initialized
    np.testing.assert_array_equal(other.flow.flow_layers[2].shift, before)


def test_additive_glow_with_fixed_permutations_keeps_volumes_as_nice_does():
    with float64():
        settings = {"scales": 2, "steps": 2, "width": 4, "permutation": "reverse", "coupling": "additive"}
        model = zoo.create("glow", event=IMAGE, **settings).flow
        random = np.random.default_rng(0)
        for layer in model.flow_layers:
            free = isinstance(layer, layers.Coupling) and not isinstance(layer, layers.SplitPrior)
            for weight in layer.trainable_variables:
                weight.assign(random.normal(size=weight.shape) if free else np.zeros(weight.shape))
        log_det = model.bijector().inverse_log_det_jacobian(tf.constant(random.uniform(0, 8, (5, 4, 4, 1))), 3)
        np.testing.assert_allclose(log_det, -16 * np.log(8), rtol=1e-12)


def randomized(layer, shape):
    layer.build((None, *shape))
    layer.built = True
    random = np.random.default_rng(0)
    for weight in layer.trainable_variables:
        weight.assign(0.3 * random.normal(size=weight.shape))
    return layer


def test_split_prior_scores_the_half_that_leaves_under_a_gaussian_given_the_other():
    with float64():
        layer = randomized(layers.SplitPrior(), (3, 3, 4))
        x = tf.constant(np.random.default_rng(1).normal(size=(5, 3, 3, 4)))
        bijector = layer.bijector()
        z = bijector.inverse(x)
        standard = tf.reduce_sum(tfp.distributions.Normal(np.float64(0), 1).log_prob(z[..., 2:]), [1, 2, 3])
        outputs = layer.network(x[..., :2])
        prior = tfp.distributions.Normal(outputs[..., :2], tf.exp(5 * tf.tanh(outputs[..., 2:] / 5)))
        expected = tf.reduce_sum(prior.log_prob(x[..., 2:]), [1, 2, 3])
        np.testing.assert_allclose(standard + bijector.inverse_log_det_jacobian(x, 3), expected, rtol=1e-10)
        np.testing.assert_array_equal(z[..., :2], x[..., :2])


def test_top_prior_is_a_gaussian_for_each_class_and_channel():
    with float64():
        layer = randomized(layers.TopPrior(context_size=3), (2, 2, 4))
        context = tf.one_hot([2, 0], 3, dtype=tf.float64)
        x = tf.constant(np.random.default_rng(1).normal(size=(2, 2, 2, 4)))
        bijector = layer.bijector(context)
        standard = tf.reduce_sum(tfp.distributions.Normal(np.float64(0), 1).log_prob(bijector.inverse(x)), [1, 2, 3])
        for row, label in enumerate([2, 0]):
            numbers = layer.parameters.numpy() + layer.condition.kernel.numpy()[label].reshape(2, 4)
            prior = tfp.distributions.Normal(numbers[0], np.exp(5 * np.tanh(numbers[1] / 5)))
            expected = tf.reduce_sum(prior.log_prob(x[row]))
            log_det = bijector.inverse_log_det_jacobian(x, 3)
            np.testing.assert_allclose((standard + log_det)[row], expected, rtol=1e-10)


def test_new_affine_coupling_multiplies_by_sigmoid_of_2():
    family = bijectors.SigmoidAffine()
    np.testing.assert_allclose(family(tf.zeros([1, 2, 1])).inverse(tf.ones([1, 1])), [[1 / (1 + np.exp(-2))]])


@pytest.mark.slow
def test_number_of_parameters_at_the_settings_of_cifar10(capsys):
    # By hand, a step of c channels: actnorm, W, and three convolutions with a shift and a scale each. The
    # neural-spline paper (1906.04032, table 3) counts 44.0M: the learned priors and our scales for each kernel are
    # the rest.
    width, steps = 512, 32
    event = Event((32, 32, 3), "uint8", 256)
    model = zoo.create("glow", event=event, **zoo.configure("glow", "cifar10").model)
    step = {c: 2 * c + c**2 + 9 * (c // 2) * width + width**2 + 9 * width * c + 4 * width + 2 * c for c in (12, 24, 48)}
    priors = 2 * 48 + sum(9 * (c // 2) * c + 2 * c for c in (12, 24))
    count = number_of_weights(model)
    with capsys.disabled():
        print(f"\nGlow on CIFAR-10: {count:,} parameters; about 44.0 million published")
    assert count == steps * sum(step.values()) + priors
    assert count / 1e6 == pytest.approx(44.0, abs=0.06)


def test_settings_are_those_of_the_authors():
    config = zoo.configure("glow", "downsampled_imagenet/64x64")
    assert (config.model["scales"], config.model["steps"], config.model["width"]) == (4, 48, 512)
    assert (config.train["optimizer"], config.train["batch_size"]) == ("adamax", 128)
    assert glow.PRESETS["cifar10"]["published"] == "3.35 bits/dim"


def test_pixels_far_outside_the_data_have_finite_scores_and_gradients():
    x = 1e4 * tf.constant(np.random.default_rng(0).choice([-1.0, 1.0], (4, *EVENTS["image"].shape)), tf.float32)
    assert_finite_at(x, make(Case("glow", EVENTS["image"])))


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match=r"`permutation` to be one of \['plu', 'plain', 'reverse', 'shuffle'\].*'lu'"):
        zoo.create("glow", event=Event((2,)), permutation="lu")
    with pytest.raises(InputError, match=r"`coupling` to be one of \['affine', 'additive'\].*coupling='cubic'"):
        zoo.create("glow", event=IMAGE, coupling="cubic")
    with pytest.raises(InputError, match=r"even height and width.*Received: shape=\(7, 7, 4\)"):
        zoo.create("glow", event=Event((28, 28, 1), "uint8", 256), scales=3, steps=1, width=4)


@pytest.mark.parametrize("permutation", ["plain", "shuffle"])
def test_the_other_permutations_train_under_xla(permutation):
    flow = Flow(Event((2, 2, 6)), [glow.PERMUTATIONS[permutation]()])
    x = tf.ones([1, 2, 2, 6])

    @tf.function(jit_compile=True)
    def score():
        return flow.distribution().log_prob(x)

    np.testing.assert_allclose(score(), flow.distribution().log_prob(x), rtol=1e-5)
