"""Facts of the paper of neural spline flows, 1906.04032; those of the splines are in tests/bijectors/test_spline.py."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests import laws
from tests.cases import EVENTS, SMALL, Case, assert_finite_at, events, flow_of, make, number_of_weights
from tfflows import layers, noise
from tfflows.bijectors import RationalQuadratic
from tfflows.dequantization import LogitNormalDequantization
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import AutoregressiveConv
from tfflows.networks import ResidualNet
from tfflows.networks.blocks import ResidualBlock
from zoo import nsf

AUTOREGRESSIVE = {"kind": "autoregressive", "steps": 1, "width": 16, "bins": 3}


def moved(model, x, scale=0.3):
    """The model, initialized on `x`, with its zero weights changed."""
    model.initialize(tf.constant(x))
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + scale * random.normal(size=variable.shape))
    return model


def test_a_spline_takes_3_numbers_for_each_bin_but_one():
    # Section 3.1: K widths, K heights, K - 1 inner slopes.
    assert [RationalQuadratic(bins=bins).size for bins in (1, 4, 8)] == [2, 11, 23]


def test_steps_are_a_linear_map_and_splines_and_a_linear_map_ends_them():
    kinds = [type(layer).__name__ for layer in zoo.create("nsf", event=Event((4,)), steps=2, width=4).flow_layers]
    assert kinds == ["ActNorm", "PLULinear", "Coupling", "PLULinear", "Coupling", "PLULinear"]
    model = zoo.create("nsf", event=Event((4,)), **AUTOREGRESSIVE)
    assert [type(layer).__name__ for layer in model.flow_layers][1:3] == ["PLULinear", "Autoregressive"]


def test_outside_the_interval_the_flow_is_linear():
    # Section 3.1, linear tails: far away all splines are identities, and the flow is its linear maps alone.
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    model = moved(zoo.create("nsf", event=Event((2,)), steps=2, width=8), x)
    linear = [layer for layer in model.flow_layers if not isinstance(layer, layers.Coupling)]
    far = expected = tf.constant([[900.0, 1000.0], [-1100.0, 800.0]])
    for layer in linear:
        expected = layer(expected)
    np.testing.assert_allclose(model.encode(far.numpy()), expected, rtol=1e-4)
    assert np.abs(model.encode(x) - moved_linear(linear, x)).max() > 0.05


def moved_linear(linear, x):
    for layer in linear:
        x = layer(tf.constant(x))
    return x


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 3])
def test_autoregressive_splines_sample_what_they_score(classes):
    x = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
    label = np.arange(32) % 3 if classes else None
    model = zoo.create("nsf", event=Event((3,), classes=classes), **AUTOREGRESSIVE)
    model.initialize(tf.constant(x), None if label is None else tf.constant(label))
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + 0.2 * random.normal(size=variable.shape))
    z = model.encode(x, label)
    np.testing.assert_allclose(model.decode(z.numpy(), label), x, atol=1e-4)
    with tf.GradientTape() as tape:
        tape.watch(point := tf.constant(x))
        latent = model.bijector(model.condition(label)).inverse(point)
    jacobian = np.linalg.slogdet(tape.batch_jacobian(latent, point))[1]
    base = -0.5 * np.sum(latent**2, -1) - 1.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(model.log_prob(x, label), base + jacobian, atol=1e-4)


def test_dropout_is_of_training_alone_and_of_each_row_alone():
    network = ResidualNet(2, width=64, blocks=2, dropout=0.5)
    network.build((None, 3))
    for weight in network.trainable_variables:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    x = tf.ones([6, 3])
    seeds = noise.split(noise.seed_pair(0), 6)
    np.testing.assert_allclose(network(x), network(x[:1]) + tf.zeros([6, 1]), rtol=1e-5)
    dropped = network(x, training=True, seeds=seeds).numpy()
    assert len(np.unique(dropped[:, 0])) == 6
    np.testing.assert_allclose(network(x[2:3], training=True, seeds=seeds[2:3]), dropped[2:3], rtol=1e-4)


def test_dropout_keeps_the_mean():
    block = ResidualBlock(keras.layers.Dense(8), keras.layers.Dense(8), dropout=0.25)
    block.build((None, 8))
    for weight in block.trainable_variables:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    x = tf.ones([20_000, 8])
    dropped = block(x, training=True, seeds=noise.split(noise.seed_pair(1), 20_000)).numpy()
    np.testing.assert_allclose(dropped.mean(0), block(x[:1])[0], atol=5 * dropped.std(0).max() / 141)
    assert dropped.std(0).min() > 0.1


def test_training_drops_units_and_scoring_does_not():
    x, _ = events(Case("nsf", EVENTS["image"]), 8)
    model = moved(zoo.create("nsf", event=EVENTS["image"], scales=2, steps=1, width=4, blocks=1, dropout=0.5), x)
    seed = noise.seed_pair(0)
    scored, again = (model.log_prob_fn(tf.constant(x), None, seed).numpy() for _ in range(2))
    np.testing.assert_array_equal(scored, again)
    assert np.all(model.log_prob_fn(tf.constant(x), None, seed, training=True).numpy() != scored)


@pytest.mark.parametrize("kind", ["coupling", "autoregressive"])
def test_the_logit_and_the_noise_of_dark_images_are_trained_and_scored(kind, monkeypatch):
    case = Case("nsf", EVENTS["image"])
    dark = {**case.settings, "kind": kind, "dropout": 0.0, "alpha": 1e-5, "dequantization": "logit_normal"}
    monkeypatch.setitem(SMALL, ("nsf", "image"), dark)
    model = zoo.create("nsf", event=case.event, **dark)
    assert isinstance(model.flow.flow_layers[0], layers.Logit)
    assert isinstance(model.dequantization, LogitNormalDequantization)
    laws.every_weight_gets_a_finite_gradient(case)


def test_number_of_parameters_at_the_settings_of_cifar10(capsys):
    # Table 3: 11.8M. By hand, as the configuration of the authors' code does not send channels out: a step of c
    # channels has actnorm, a matrix, and a network of 3 blocks; theirs have 24,000 numbers of batch normalization more,
    # and matrices with a bias.
    config = zoo.configure("nsf", "cifar10")
    assert not config.model["factor_out"]
    model = zoo.create("nsf", event=Event((32, 32, 3), "uint8", 256), **config.model)
    width, blocks, numbers = 96, 3, 3 * 4 - 1

    def step(c):
        network = (c // 2 + 1) * width + blocks * 2 * (9 * width + 1) * width + (width + 1) * numbers * c // 2
        return 2 * c + c**2 + network

    count = number_of_weights(model)
    with capsys.disabled():
        print(f"\nNSF on CIFAR-10: {count:,} parameters; 11.8 million published")
    assert count == sum(7 * step(c) + c**2 for c in (12, 48, 192))
    assert f"{count / 1e6:.1f}M" == "11.8M"


def test_settings_of_cifar10_are_the_papers():
    config = zoo.configure("nsf", "cifar10")
    assert (config.model["scales"], config.model["steps"], config.model["dropout"]) == (3, 7, 0.2)
    assert (config.train["batch_size"], config.train["steps"], config.train["schedule"]) == (512, 200_000, "cosine")
    assert nsf.PRESETS["cifar10"]["published"] == "3.38 bits/dim"


def test_pixels_far_outside_the_data_have_finite_scores_and_gradients():
    x = 1e4 * tf.constant(np.random.default_rng(0).choice([-1.0, 1.0], (4, *EVENTS["image"].shape)), tf.float32)
    assert_finite_at(x, make(Case("nsf", EVENTS["image"])))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "cubic"}, r"`kind` to be one of \['coupling', 'autoregressive'\].*kind='cubic'"),
        ({"bins": 1000}, r"`bins` to be in 1\.\.999\. Received: bins=1000"),
        ({"dropout": 1.0}, r"`dropout` to be in \[0, 1\)\. Received: dropout=1\.0"),
        ({"kind": "autoregressive", "dropout": 0.1}, r"`dropout` to be 0 with autoregressive layers.*dropout=0\.1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("nsf", event=Event((2,)), **settings)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 3])
def test_autoregressive_layers_of_images_are_a_flow(classes):
    settings = {**SMALL["nsf", "image"], "kind": "autoregressive", "dropout": 0.0}
    case = Case("nsf", dataclasses.replace(EVENTS["image"], classes=classes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SMALL, ("nsf", "image"), settings)
        for law in (
            laws.log_det_is_that_of_the_jacobian,
            laws.sampling_inverts_density,
            laws.each_event_is_scored_alone,
        ):
            law(case)
        kinds = [one for one in flow_of(make(case)).flow_layers if isinstance(one, AutoregressiveConv)]
    assert len(kinds) == settings["scales"] * settings["steps"]
