"""Statistics of the whole training set: taken layer by layer before each validation, saved with the best weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows import datasets, noise, training
from tfflows.datasets import Data
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import BatchNorm, Flatten, Scale, chain
from tfflows.models import Dequantized, Flow
from tfflows.splits import Split, in_memory
from tfflows.training.pipeline import one_pass


def two_layers():
    keras.utils.set_random_seed(0)
    model = zoo.create("maf", event=Event((2,)), flows=2, width=8, depth=1)
    for variable in model.trainable_variables:
        variable.assign_add(0.3 * tf.random.stateless_normal(variable.shape, [0, 1]))
    return model


def points(n, seed):
    return np.random.default_rng(seed).normal([3.0, -1.0], [2.0, 0.5], (n, 2)).astype(np.float32)


def test_each_layer_gets_the_statistics_of_what_it_sees():
    model, x = two_layers(), points(1000, 0)
    model.initialize(tf.constant(x[:50]))
    model.adapt(one_pass(in_memory(x=x), batch_size=300))  # the last batch is smaller
    assert_adapted(model, x)


def assert_adapted(model, x):
    seen, norms = x, 0
    for layer in model.flow_layers:
        if isinstance(layer, BatchNorm):
            np.testing.assert_allclose(layer.mean, seen.mean(0), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(layer.variance, seen.var(0), rtol=1e-4)
            norms += 1
        seen = layer(seen).numpy()
    assert norms == 2


def forms(x):
    """The training set in every form that `fit` reads more than once, with further arguments."""
    batches = tf.data.Dataset.from_tensor_slices(x).batch(100)
    unknown = tf.data.Dataset.range(10).flat_map(lambda index: batches.skip(index).take(1))
    return {
        "array": (x, {}),
        "dataset": (batches, {}),
        "dataset of unknown size": (unknown, {}),
        "endless dataset": (batches.repeat(), {"steps_per_epoch": 10}),
        "endless dataset of unknown size": (
            tf.data.Dataset.range(2**62).flat_map(lambda _: batches),
            {"steps_per_epoch": 10},
        ),
        "array, half of it for validation": (np.concatenate([x, 9 + x]), {"validation_split": 0.5}),
    }


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras, of a dataset whose size it cannot tell
@pytest.mark.parametrize("form", forms(points(1000, 0)))
def test_fit_ends_with_the_statistics_of_the_whole_training_set(form):
    model, x = two_layers(), points(1000, 0)
    model.compile("adam")
    given, arguments = forms(x)[form]
    model.fit(given, epochs=2, verbose=0, **arguments)
    assert_adapted(model, x)


def test_fit_validates_with_the_statistics_of_its_weights():
    model, x = two_layers(), points(1000, 0)
    model.compile(keras.optimizers.Adam(0.1))
    history = model.fit(x, epochs=1, validation_data=x[:500], verbose=0).history
    assert history["val_loss"] == [pytest.approx(-model.log_prob(x[:500]).numpy().mean(), rel=1e-5)]


def test_flows_of_pixels_take_the_statistics_of_dequantized_pixels():
    event = Event((2, 2, 1), "uint8", levels=8)
    norm = BatchNorm()
    model = Dequantized(Flow(event.dequantized, [Flatten(), norm]), levels=8)
    x = np.random.default_rng(0).integers(0, 8, (500, 2, 2, 1)).astype(np.uint8)
    model.compile("adam")
    model.fit(x, epochs=1, verbose=0)
    seen = model.dequantize(tf.constant(x), noise.seed_pair(0)).numpy().reshape(500, 4)
    np.testing.assert_allclose(norm.mean, seen.mean(0), rtol=1e-5)
    np.testing.assert_allclose(norm.variance, seen.var(0), rtol=1e-4)


@pytest.mark.parametrize("kind", ["list", "single", "CallbackList"])
def test_statistics_are_those_of_the_weights_that_a_callback_restores(kind):
    model, x = two_layers(), points(1000, 0)
    model.compile(keras.optimizers.Adam(0.1))
    first = {}

    class RestoreFirst(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            first.setdefault("weights", self.model.get_weights())

        def on_train_end(self, logs=None):
            self.model.set_weights(first["weights"])

    callback = RestoreFirst()
    callbacks = {
        "list": [callback],
        "single": callback,
        "CallbackList": keras.callbacks.CallbackList([callback], add_history=True, model=model),
    }
    model.fit(x, epochs=2, callbacks=callbacks[kind], verbose=0)
    assert_adapted(model, x)
    trained = next(variable for variable in model.trainable_variables)
    np.testing.assert_array_equal(trained, first["weights"][model.weights.index(trained)])


def test_fit_refuses_a_dataset_without_an_end_where_statistics_are_needed():
    model, x = two_layers(), points(100, 0)
    model.compile("adam")
    endless = tf.data.Dataset.from_tensor_slices(x).batch(10).repeat()
    with pytest.raises(InputError, match=r"Expected arrays, a finite dataset or `steps_per_epoch`.*'_RepeatDataset'"):
        model.fit(endless, verbose=0)


@pytest.mark.slow
def test_validation_settles_with_the_weights_that_it_keeps(tmp_path):
    model, x = two_layers(), points(2000, 0)
    data = Data("normal", model.event, *(in_memory(x=part) for part in (x[:1000], x[1000:1500], x[1500:])))
    settings = training.TrainSettings(steps=4, batch_size=50, validate_every=2, ema=0.5, warmup_steps=1)
    fitted = training.fit(model, data, settings, seed=0, workdir=tmp_path)
    kept = two_layers()
    kept.load_weights(fitted.weights)
    again = two_layers()
    again.load_weights(fitted.weights)
    again.adapt(one_pass(data.train, batch_size=1000))
    for mine, theirs in zip(kept.variables, again.variables, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_pass_holds_every_example_once_and_augmented():
    data = datasets.load("digits")
    batches = [batch["x"].numpy() for batch in one_pass(data.train, batch_size=100)]
    assert sum(map(len, batches)) == data.train.size
    flipped = Split(
        in_memory(x=np.arange(5, dtype=np.int32)).examples,
        5,
        augment=lambda element, seed: {"x": element["x"] + 10 * seed[1]},
    )
    np.testing.assert_array_equal(next(iter(one_pass(flipped, batch_size=5)))["x"], np.arange(5) * 11)


class Counted(Scale):
    """A layer that counts the batches it has seen."""

    def call(self, x, context=None):
        self.batches = getattr(self, "batches", 0) + 1
        return super().call(x, context)


@pytest.mark.parametrize(("most", "passes"), [(2**20, 1), (100, 2)])
def test_each_layer_sees_the_training_set_once_if_it_fits_in_memory(most, passes, monkeypatch):
    monkeypatch.setattr(chain, "MOST_KEPT", most)
    first, norms = Counted(), [BatchNorm(), BatchNorm()]
    flow = chain.Chain([first, norms[0], Scale(), norms[1]])
    flow.build((None, 2))
    x = points(1000, 0)
    flow.initialize(x[:100])
    first.batches = 0
    flow.adapt([(x[:500], None), (x[500:], None)])
    assert first.batches == 2 * passes
    for place, norm in ((1, norms[0]), (3, norms[1])):
        seen = flow.between(0, place, tf.constant(x))
        np.testing.assert_allclose(norm.mean, tf.reduce_mean(seen, 0), atol=1e-5)
        np.testing.assert_allclose(norm.variance, tf.math.reduce_variance(seen, 0), rtol=1e-4)
