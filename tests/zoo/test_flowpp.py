"""Facts of Flow++'s paper, 1902.00275."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests import cases, laws
from tests.cases import EVENTS, Case, float64, make, number_of_weights
from tfflows import layers, noise
from tfflows.bijectors import Composed, SplitColumns
from tfflows.dequantization import LogitNormalDequantization
from tfflows.errors import InputError
from tfflows.events import Event
from zoo import flowpp

tfd = tfp.distributions
SMALL = {"plan": "2 columns", "width": 4, "blocks": 1, "components": 2, "dequantization_blocks": 1}
CIFAR = Event((32, 32, 3), "uint8", 256)


def test_coupling_is_the_logit_of_a_mixture_of_logistics_and_an_affine_map():
    # Section 3.2: y = logit(MixLogCDF(x; pi, mu, s)) * exp(a) + b, with a = tanh in the authors' code.
    with float64():
        random = np.random.default_rng(0)
        transformer = flowpp.transformer("mixture", 4)
        assert isinstance(transformer, Composed)
        parameters, x = (
            tf.constant(random.normal(size=(5, transformer.size, 3))),
            tf.constant(random.normal(size=(5, 3))),
        )
        logits, locations, log_scales = tf.split(parameters[:, :12], 3, axis=1)
        spread = np.linspace(-1, 1, 4)[:, None]
        log_scales = 7 * tf.tanh(log_scales / 7)
        last = [tf.transpose(part, [0, 2, 1]) for part in (logits, locations + spread, log_scales)]
        mixture = tfd.MixtureSameFamily(tfd.Categorical(last[0]), tfd.Logistic(last[1], tf.exp(last[2])))
        p = mixture.cdf(x)
        expected = (tf.math.log(p) - tf.math.log1p(-p)) * tf.exp(tf.tanh(parameters[:, 12])) + parameters[:, 13]
        np.testing.assert_allclose(transformer(parameters).inverse(x), expected, rtol=1e-9)


def test_columns_are_split_and_joined():
    x = tf.reshape(tf.range(2 * 4 * 2.0), [1, 2, 4, 2])
    z = SplitColumns().inverse(x)
    assert z.shape == (1, 2, 2, 4)
    np.testing.assert_array_equal(z[..., :2], x[:, :, 0::2])
    np.testing.assert_array_equal(z[..., 2:], x[:, :, 1::2])
    np.testing.assert_array_equal(SplitColumns().forward(tf.identity(z)), x)


@pytest.mark.slow
def test_noise_has_the_density_it_says():
    # log q(u | x) against the Jacobian of u as a function of the standard normal noise it is made of.
    with float64():
        model = make(Case("flowpp", EVENTS["image"]))
        dequantization = model.dequantization
        x = tf.constant(np.random.default_rng(0).integers(0, 8, (3, 4, 4, 1)), tf.uint8)
        seeds = noise.row_seeds(x, noise.seed_pair(0))
        start = dequantization._start(x, seeds)
        with tf.GradientTape(persistent=True) as tape, pytest.MonkeyPatch.context() as patch:
            tape.watch(start)
            patch.setattr(type(dequantization), "_start", lambda self, x, seeds: start)
            u, log_q = dequantization(x, seeds)
        jacobian = np.reshape(tape.batch_jacobian(u, start, experimental_use_pfor=False), [3, 16, 16])
        normal = tf.reduce_sum(tfd.Normal(tf.zeros_like(start), 1.0).log_prob(start), axis=[1, 2, 3])
        np.testing.assert_allclose(log_q, normal - np.linalg.slogdet(jacobian)[1], atol=1e-8)
        assert np.all((u > 0) & (u < 1))


def test_noise_is_conditioned_on_the_pixels():
    model = make(Case("flowpp", EVENTS["image"]))
    seeds = tf.constant([[1, 2], [1, 2]])
    x = np.zeros((2, 4, 4, 1), np.uint8)
    x[1, 0, 0] = 7
    u, log_q = model.dequantization(tf.constant(x), seeds)
    assert np.abs(u[0] - u[1]).max() > 1e-4
    assert log_q[0] != log_q[1]


@pytest.mark.slow
def test_importance_weights_tighten_the_bound_and_stay_below_one():
    event = Event((1, 2, 1), "uint8", 2)
    x = np.array(list(itertools.product((0, 1), repeat=2)), np.uint8).reshape(4, 1, 2, 1)
    model = zoo.create("flowpp", event=event, **SMALL)
    model.initialize(tf.constant(x))
    one = np.mean([model.log_prob(x, seed=seed) for seed in range(20)], axis=0)
    many = model.log_prob(x, num_importance_samples=200).numpy()
    assert np.all(one < many - 0.05)
    assert np.exp(many).sum() < 1.2  # the probabilities of all four images, up to the noise of the estimate


@pytest.mark.slow
def test_parameters_on_cifar10_are_those_of_the_authors(capsys):
    model = zoo.create("flowpp", event=CIFAR)
    count = number_of_weights(model)
    # One matrix for all channels between couplings, where the authors have one for each side: c^2 and 2 * (c / 2)^2.
    wider = sum(c**2 - 2 * (c // 2) ** 2 for c in [6] * 4 + [12] * 2 + [24] * 3 + [6] * 4)
    with capsys.disabled():
        print(f"\nFlow++ on CIFAR-10: {count:,} parameters; the paper's 31,443,440 and {wider:,} for wider maps")
    assert count == 31_443_440 + wider


def test_ablations_leave_out_what_they_name():
    event = EVENTS["image"]
    kinds = {type(layer) for layer in zoo.create("flowpp", event=event, **SMALL).flow.flow_layers}
    assert {layers.Logit, layers.SplitColumns, layers.JoinColumns, layers.Coupling} <= kinds
    uniform = zoo.create("flowpp", event=event, dequantization="uniform", **SMALL)
    assert not uniform.dequantization.trainable_variables
    cheap = zoo.create("flowpp", event=event, dequantization="logit_normal", **SMALL)
    assert isinstance(cheap.dequantization, LogitNormalDequantization)
    affine = zoo.create("flowpp", event=event, coupling="affine", **SMALL)
    assert {layer.transformer.size for layer in affine.flow.flow_layers if isinstance(layer, layers.Coupling)} == {2}
    silent = zoo.create("flowpp", event=event, attention=False, **SMALL)
    assert not any("gated_attention" in variable.path for variable in silent.variables)
    assert silent.count_params() < zoo.create("flowpp", event=event, **SMALL).count_params()


@pytest.mark.parametrize(
    "ablation",
    [{"attention": False}, {"coupling": "affine"}, {"dequantization": "uniform"}, {"dequantization": "logit_normal"}],
    ids=str,
)
def test_every_weight_of_an_ablation_gets_a_gradient(ablation, monkeypatch):
    case = Case("flowpp", EVENTS["image"])
    monkeypatch.setitem(cases.SMALL, ("flowpp", "image"), {**case.settings, **ablation})
    laws.every_weight_gets_a_finite_gradient(case)


@pytest.mark.slow
def test_dropout_acts_in_training_alone():
    model = zoo.create("flowpp", event=EVENTS["image"], dropout=0.5, **SMALL)
    x = tf.constant(np.random.default_rng(0).integers(0, 8, (64, 4, 4, 1)), tf.uint8)
    model.initialize(x)
    for variable in model.trainable_variables:
        variable.assign_add(0.1 * tf.random.stateless_normal(variable.shape, [0, 1]))
    seed = noise.seed_pair(0)
    scores = [model.log_prob_fn(x, None, seed, training=training).numpy() for training in (False, False, True)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[2] - scores[0]).max() > 0.01


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"plan": "4 rows"}, r"`plan` to be a comma-separated list.*Received: plan='4 rows'"),
        ({"coupling": "spline"}, r"`coupling` to be one of \['mixture', 'affine'\]"),
        ({"dequantization": "none"}, r"`dequantization` to be one of \['variational', 'logit_normal', 'uniform'\]"),
        ({"width": 6}, r"`width` to be a multiple of 4.*Received: width=6"),
        ({"components": 0}, r"`components` to be 1 or more"),
        ({"plan": "2 columns, squeeze, squeeze, squeeze"}, r"even height and width to squeeze"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("flowpp", event=EVENTS["image"], **{**SMALL, **settings})


@pytest.mark.parametrize(
    ("resolution", "expected"), [(32, (32, 1e-3, 5000, 0.999222, 8)), (64, (72, 4e-4, 10_000, 0.999, 5))]
)
def test_settings_of_imagenet_are_those_of_the_authors_launchers(resolution, expected):
    dataset = f"downsampled_imagenet/{resolution}x{resolution}"
    preset = flowpp.PRESETS[dataset]
    train = {"ema": 0.999, **preset["train"]}
    found = (*(train[name] for name in ("batch_size", "learning_rate", "warmup_steps", "ema")),)
    assert (*found, preset["model"]["dequantization_blocks"]) == expected
