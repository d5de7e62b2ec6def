"""Facts of NICE's paper, 1410.8516."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, continuous, float64, flow_of, make
from tfflows import layers
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.metrics import bits_per_dim, rescaled_log_prob
from zoo import nice

MNIST, CIFAR = Event((28, 28, 1), "uint8", 256), Event((32, 32, 3), "uint8", 256)
KINDS = list(EVENTS)


def log_det(model, x):
    return model.bijector().inverse_log_det_jacobian(tf.constant(x), event_ndims=len(model.event.shape))


@pytest.mark.parametrize("kind", KINDS)
def test_volume_changes_by_the_scaling_alone(kind):
    # Section 3.3: additive couplings keep volumes, so the log-det is the sum of the log-scales, whatever the point; an
    # ActNorm before them standardizes vectors.
    with float64():
        case = Case("nice", EVENTS[kind])
        model = flow_of(make(case))
        x, _ = continuous(case, 5)
        (scale,) = [layer for layer in model.flow_layers if isinstance(layer, layers.Scale)]
        scales = [layer.log_scale for layer in model.flow_layers if isinstance(layer, layers.ActNorm)] + [
            scale.log_scale
        ]
        pixels = -model.event.size * np.log(case.event.levels or 1)
        np.testing.assert_allclose(log_det(model, x), np.sum(scales) + pixels, rtol=1e-12)
        assert np.sum(scale.log_scale) != 0


def test_couplings_change_the_even_and_the_odd_entries_in_turn():
    # Section 5.1.
    model = zoo.create("nice", event=Event((5,)), width=4, depth=1)
    couplings = [layer for layer in model.flow_layers if isinstance(layer, layers.Coupling)]
    assert [layer.keep.astype(int).tolist() for layer in couplings] == 2 * [[0, 1, 0, 1, 0], [1, 0, 1, 0, 1]]
    assert isinstance(model.flow_layers[-1], layers.Scale)


def test_scaling_is_diagonal():
    layer = layers.Scale()
    layer.build((None, 3))
    layer.log_scale.assign([0.0, np.log(2), np.log(3)])
    np.testing.assert_allclose(layer(tf.ones([1, 3])), [[1, 2, 3]], rtol=1e-6)


def test_three_couplings_let_every_entry_depend_on_every_other_and_two_do_not():
    # Section 3.2: "at least three coupling layers are necessary".
    def reached(couplings):
        model = zoo.create("nice", event=Event((4,)), couplings=couplings, width=16, depth=1)
        random = np.random.default_rng(0)
        for variable in model.trainable_variables:
            variable.assign(random.normal(size=variable.shape))
        x = tf.constant(random.normal(size=(16, 4)), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = model.bijector().inverse(x)
        return np.any(np.asarray(tape.batch_jacobian(z, x)) != 0, axis=0)

    assert not reached(2).all()
    assert reached(3).all()


@pytest.mark.parametrize("base", ["logistic", "normal"])
def test_new_model_scores_the_base_on_centred_pixels(base):
    # All networks end in zeros and the scaling starts at 1: the density is that of the base at x / 256 - 0.5.
    with float64():
        model = zoo.create("nice", event=Event((2, 2, 1), "uint8", 256), width=4, depth=1, base=base).flow
        x = np.array([[[[3.5], [77.0]], [[128.0], [255.5]]]])
        z = (x / 256 - 0.5).reshape(1, 4)
        log_base = {"logistic": -z - 2 * np.log1p(np.exp(-z)), "normal": -(z**2) / 2 - np.log(2 * np.pi) / 2}[base]
        expected = log_base.sum() - 4 * np.log(256)
        np.testing.assert_allclose(model.distribution().log_prob(x), [expected], rtol=1e-9)


def parameters(event, couplings, width, depth):
    """By hand: each network has `depth` hidden layers of `width` units, from half of the entries to the other half."""
    half = event.size // 2
    network = (half + 1) * width + (depth - 1) * (width + 1) * width + (width + 1) * half
    return couplings * network + event.size


@pytest.mark.parametrize(("event", "dataset", "millions"), [(MNIST, "mnist", 19.2), (CIFAR, "cifar10", 72.6)])
def test_number_of_parameters_at_the_settings_of_the_paper(event, dataset, millions, capsys):
    # Section 5.1: 5 hidden layers of 1000 units on MNIST, 4 of 2000 on CIFAR-10.
    settings = zoo.configure("nice", dataset).model
    assert (settings["couplings"], settings["base"]) == (4, "logistic")
    count = zoo.create("nice", event=event, **settings).count_params()
    with capsys.disabled():
        print(f"\nNICE on {dataset}: {count:,} parameters; the paper gives no number")
    assert count == parameters(event, 4, settings["width"], settings["depth"])
    assert count / 1e6 == pytest.approx(millions, abs=0.05)


def test_published_nats_are_the_published_bits():
    # Table 1: 1980.50 nats of MNIST in [0, 1]; and back.
    bits = bits_per_dim(rescaled_log_prob(1980.50, MNIST, scale=256), MNIST)
    assert f"{bits:.2f} bits/dim" == nice.PRESETS["mnist"]["published"]
    assert -bits * np.log(2) * MNIST.size + MNIST.size * np.log(256) == pytest.approx(1980.50)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match=r"`base` to be one of \['normal', 'logistic', 'student_t'\].*base='cauchy'"):
        zoo.create("nice", event=Event((2,)), base="cauchy")
    with pytest.raises(InputError, match=r"at least 2 entries.*Received: shape=\(1,\)"):
        zoo.create("nice", event=Event((1,)))
