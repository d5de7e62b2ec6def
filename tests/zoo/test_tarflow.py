"""Facts of TarFlow's paper, 2412.06329; those of its conditioner are in tests/networks/test_causal.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, events, make, number_of_weights
from tfflows import layers, noise
from tfflows.bijectors import Tokens
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import denoise
from tfflows.models import make_flow

CONDITIONAL = Case("tarflow", Event((2,), classes=3))


def test_parameter_count_of_the_smallest_official_setting():
    # The authors' setting for MNIST: patches of 4, 128 channels, 4 blocks of 4 layers, 10 classes.
    event = Event((28, 28, 1), "uint8", 256, classes=10)
    model = zoo.create("tarflow", event=event, patch=4, blocks=4, layers=4, width=128, heads=2)
    count = number_of_weights(model)
    print(f"{count:,} weights; published: 3.23 M")
    assert abs(count / 3.23e6 - 1) < 0.01


def test_orders_are_reversed():
    model = zoo.create("tarflow", event=EVENTS["vector"], blocks=3, width=8, heads=2)
    orders = [one.degrees[:, 0].tolist() for one in model.flow_layers if isinstance(one, layers.AutoregressiveTokens)]
    assert orders == [[1, 2], [2, 1], [1, 2]]


def test_patches_are_read_row_by_row():
    image = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    tokens = Tokens((4, 4, 1), 2).inverse(image)
    np.testing.assert_array_equal(tokens[0], [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]])


def test_patch_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"`patch` to divide the height and the width.*Received: patch=3"):
        zoo.create("tarflow", event=EVENTS["image"], patch=3, width=8, heads=2)


def test_iteration_and_cache_draw_the_same():
    case = Case("tarflow", EVENTS["image"])
    model = make(case)
    other = zoo.create("tarflow", event=case.event, **{**case.settings, "jacobi_blocks": 2})
    other.set_weights(model.get_weights())
    drawn, again = (one.flow.sample_fn(noise.split(noise.seed_pair(0), 8), tf.ones(8), None) for one in (model, other))
    np.testing.assert_allclose(drawn, again, atol=1e-3)


def test_guided_flow_is_a_flow_with_a_density_of_its_own():
    model = make(CONDITIONAL)
    settings = {**CONDITIONAL.settings, "guidance": 2.0}
    guided = zoo.create("tarflow", event=CONDITIONAL.event, **settings)
    guided.set_weights(model.get_weights())
    x, conditions = events(CONDITIONAL, 8)
    z = guided.encode(x, **conditions)
    np.testing.assert_allclose(guided.decode(tf.identity(z), **conditions), x, atol=1e-4)
    assert np.all(np.abs(guided.log_prob(x, **conditions) - model.log_prob(x, **conditions)) > 1e-4)


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_training_hides_some_conditions(rate):
    settings = {**CONDITIONAL.settings, "condition_dropout": rate}
    model = zoo.create("tarflow", event=CONDITIONAL.event, **settings)
    model.set_weights(make(CONDITIONAL).get_weights())
    x, conditions = events(CONDITIONAL, 1000)
    x, condition = model.checked(x, **conditions)
    training = model.log_prob_fn(x, condition, noise.seed_pair(0), training=True)
    hidden = np.isclose(training, model.log_prob_fn(x, tf.zeros_like(condition), noise.seed_pair(0)))
    seen = np.isclose(training, model.log_prob_fn(x, condition, noise.seed_pair(0)))
    assert np.all(hidden | seen)
    assert abs(hidden.mean() - rate) < 0.05


def test_input_noise_of_training_widens_the_pixels():
    # A flow without layers but the rescaling: noise adds its mean square to the loss.
    event = Event((4, 4, 1), "uint8", 256)
    model = make_flow(event, [layers.Rescale(high=128.0, shift=-1.0)])
    x = tf.constant(np.random.default_rng(0).integers(0, 256, (500, 4, 4, 1)), tf.uint8)
    quiet = model.log_prob_fn(x, None, noise.seed_pair(0), training=True)
    model.input_noise = 0.5
    noisy = model.log_prob_fn(x, None, noise.seed_pair(0), training=True)
    np.testing.assert_allclose(tf.reduce_mean(quiet - noisy), 16 * 0.5**2 / 2, rtol=0.05)
    np.testing.assert_array_equal(model.log_prob_fn(x, None, noise.seed_pair(0)), quiet)


def test_denoised_samples_are_the_mean_of_the_pixels_given_the_noisy_ones():
    # Noisy pixels y ~ N(m, v) of a flow that only rescales: the mean given y is y - s^2 (y - m) / v.
    event = Event((2, 2, 1), "uint8", 256)
    model = make_flow(event, [layers.Rescale(high=32.0, shift=-4.0)])
    y = model.flow.sample_fn(noise.sample_seeds(3, 50), tf.ones(50), None)
    expected = np.clip(np.floor(y - 12.8**2 * (y - 128) / 32**2), 0, 255)
    found = denoise(model, 50, input_noise=0.1, seed=3).numpy()
    assert np.mean(found == expected) > 0.98  # a pixel may be rounded to its neighbor
    assert np.abs(found - expected).max() <= 1
    np.testing.assert_array_equal(denoise(model, 50, input_noise=0.0, seed=3), model.sample(50, seed=3))


def test_denoising_is_refused_where_there_are_no_pixels():
    with pytest.raises(InputError, match=r"`model` to be a flow of pixels\. Received: model='Flow'"):
        denoise(make(Case("tarflow", EVENTS["vector"])), 2, input_noise=0.1)
    with pytest.raises(InputError, match=r"`input_noise` to be 0 or more\. Received: input_noise=-1"):
        denoise(make(Case("tarflow", EVENTS["image"])), 2, input_noise=-1)


def test_guidance_without_classes_is_refused():
    with pytest.raises(InputError, match=r"0 for a model without classes.*Received: guidance=1\.0"):
        zoo.create("tarflow", event=EVENTS["vector"], guidance=1.0)
    with pytest.raises(InputError, match=r"0 for a model without classes.*Received: condition_dropout=0\.1"):
        zoo.create("tarflow", event=EVENTS["vector"], condition_dropout=0.1)


def test_precision_of_networks_does_not_change_the_shape_of_samples():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make(Case("tarflow", EVENTS["vector"]))
        assert np.isfinite(model.sample(3, seed=0)).all()
    finally:
        keras.config.set_dtype_policy("float32")
