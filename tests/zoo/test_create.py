"""Settings of new models have the types of their architecture, and parts that do not fit are named."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfflows
import zoo
from tfflows import datasets, layers, training
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.training import TrainSettings

tfd = tfp.distributions
PIXELS = Event((4, 4, 1), "uint8", 8)


def test_numbers_are_taken_in_every_spelling_and_others_are_refused():
    model = zoo.create("maf", Event((2,)), flows=np.int64(2), width="8", batch_norm=np.bool_(False))
    assert len(model.flow_layers) == 1 + 2 * 2
    with pytest.raises(InputError, match=r"`flows` to be of type int\. Received: flows=2\.5"):
        zoo.create("maf", Event((2,)), flows=2.5)


def test_an_event_is_needed():
    with pytest.raises(InputError, match=r"`event` to be an Event, such as Event\(\(2,\)\)\. Received: event=\(2,\)"):
        zoo.create("maf", (2,))


@pytest.mark.parametrize("name", ["realnvp", "pixelcnn", "vae"])
def test_no_rows_give_no_rows(name):
    model = zoo.create(name, Event((4, 4, 1), "uint8", 8), width=4, **({"scales": 1} if name == "realnvp" else {}))
    x = np.random.default_rng(0).integers(0, 8, (4, 4, 4, 1)).astype(np.uint8)
    model.initialize(x)
    z = model.encode(x)
    assert model.log_prob(x[:0]).shape == (0,)
    assert model.sample(0).shape == model.decode(z[:0]).shape == (0, 4, 4, 1)
    assert model.encode(x[:0]).shape == (0, *z.shape[1:])


def test_a_patch_that_does_not_divide_a_scale_is_refused():
    with pytest.raises(InputError, match=r"`patch` to divide height and width at each scale.*patch=2, height=7"):
        zoo.create("realnvp", Event((28, 28, 1), levels=256), preset="mnist", scales=3, width=4)


def test_a_base_of_another_type_is_refused():
    base = tfd.MultivariateNormalDiag(np.zeros(2), np.ones(2))
    with pytest.raises(InputError, match=r"`base` to have parameters of dtype float32.*'float64'"):
        tfflows.Flow(Event((2,)), [layers.Scale()], base=base)


def test_images_outside_of_the_range_of_a_logit_have_no_density():
    model = zoo.create("realnvp", Event((4, 4, 1)), scales=1, width=4, blocks=1)
    x = np.random.default_rng(0).uniform(size=(16, 4, 4, 1)).astype(np.float32)
    model.initialize(x)
    expected = model.log_prob(x).numpy()
    x[0, 0, 0, 0], x[1] = 1.2, 255 * x[1]
    with tf.GradientTape() as tape:
        scores = model(x)
        inside = scores[2:]
    np.testing.assert_array_equal(scores[:2], -np.inf)
    np.testing.assert_allclose(scores[2:], expected[2:], rtol=1e-5, atol=1e-5)
    assert all(np.isfinite(each).all() for each in tape.gradient(inside, model.trainable_variables))


def data_of(event):
    split = tfflows.splits.in_memory(x=np.zeros((8, *event.shape), event.dtype))
    return datasets.Data("zeros", event, split, split, split)


@pytest.mark.parametrize(
    ("name", "event", "settings"),
    [
        ("idf", PIXELS, {"scales": 2, "couplings": 2, "width": 6, "depth": 2}),
        ("pixelcnn", PIXELS, {"width": 4, "blocks": 1}),
        ("residual", PIXELS, {"scales": 1, "blocks": 1, "width": 4}),
        ("nice", Event((2,)), {}),
    ],
)
def test_importance_samples_are_refused_before_the_training(name, event, settings):
    model = zoo.create(name, event, **settings)
    with pytest.raises(InputError, match=r"`num_importance_samples` to be 1: .*would not tighten.*=2"):
        training.make_objective(model, data_of(event), TrainSettings(num_importance_samples=2))


class Seen(keras.callbacks.Callback):
    """The values of an attribute of the model in training."""

    def __init__(self, name):
        super().__init__()
        self.name, self.values = name, set()

    def on_train_batch_begin(self, batch, logs=None):
        self.values.add(getattr(self.model, self.name))


@pytest.mark.parametrize(
    ("name", "value", "event", "settings"),
    [("nice", 0.1, PIXELS, {"couplings": 2, "width": 4, "depth": 1}), ("vae", True, Event((2,)), {"width": 4})],
)
def test_settings_of_a_run_do_not_stay_for_the_next(name, value, event, settings, tmp_path):
    model, seen = zoo.create(name, event, **settings), Seen({"nice": "input_noise", "vae": "variational_em"}[name])
    settings = TrainSettings(steps=2, batch_size=8, **{seen.name: value})
    training.fit(model, data_of(event), settings, seed=0, workdir=tmp_path, callbacks=[seen], verbose=0)
    assert seen.values == {value}
    assert not getattr(model, seen.name)
    assert model.train_function is None, "it was traced with these settings"


def test_noise_of_pixels_needs_a_flow_without_a_logit():
    model = zoo.create("realnvp", PIXELS, scales=1, width=4, blocks=1)
    with pytest.raises(InputError, match=r"`input_noise` to be 0 with a logit of the pixels"):
        training.make_objective(model, data_of(PIXELS), TrainSettings(input_noise=0.1))
