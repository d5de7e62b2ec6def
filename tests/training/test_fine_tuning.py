"""What fine-tuning needs: layers that stay frozen, checkpoints that are the model, batches that do no harm."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import BatchNorm

X = np.random.default_rng(0).normal(1, 3, (96, 3)).astype(np.float32)
PIXELS = np.random.default_rng(0).integers(0, 16, (8, 4, 4, 1)).astype(np.uint8)

SMALL = {
    "realnvp": (Event((3,)), {"couplings": 2, "width": 4, "depth": 1}),
    "maf": (Event((3,)), {"flows": 2, "width": 4, "depth": 1}),
    "glow": (Event((4, 4, 1), "uint8", 16), {"scales": 1, "steps": 1, "width": 4}),
}


def copied(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return keras.models.load_model(tmp_path / "model.keras")


WAYS = {
    "file": copied,
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "clone": lambda model, _: keras.models.clone_model(model),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SMALL)
def test_frozen_layers_stay_frozen_in_a_copy(name, way, tmp_path):
    event, settings = SMALL[name]
    model = zoo.create(name, event, **settings)
    model.initialize(PIXELS if event.discrete else X)
    layers = (model.flow if event.discrete else model).flow_layers
    for layer in layers[:-1]:
        layer.trainable = False
    again = WAYS[way](model, tmp_path)
    trained, expected = ([each.shape for each in one.trainable_variables] for one in (again, model))
    assert 0 < len(expected) < len(model.variables)
    assert trained == expected


def maf():
    model = zoo.create("maf", Event((3,)), flows=2, width=4, depth=1)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


@pytest.mark.parametrize("validation_split", [0.0, 0.25])
def test_checkpoint_is_the_model_with_its_statistics(validation_split, tmp_path):
    model = maf()
    save = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    model.fit(X, epochs=2, callbacks=[save], validation_split=validation_split, verbose=0)
    saved = keras.models.load_model(tmp_path / "2.keras")
    np.testing.assert_allclose(saved.log_prob(X), model.log_prob(X), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["maf", "glow"])
def test_training_of_a_saved_model_goes_on_where_it_was(name, tmp_path):
    event, settings = SMALL[name]
    x = PIXELS if event.discrete else X
    model = zoo.create(name, event, **settings)
    model.compile(keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.9))
    model.fit(x, epochs=2, shuffle=False, verbose=0)
    again = copied(model, tmp_path)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) > 0
    assert_equal(again.optimizer.variables, model.optimizer.variables)
    for one in (model, again):
        one.fit(x, shuffle=False, verbose=0)
    assert_equal(again.variables, model.variables)


def assert_equal(some, others):
    for mine, theirs in zip(some, others, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=theirs.path)


def test_frozen_batch_normalization_keeps_its_statistics():
    model = maf()
    model.fit(X, verbose=0)
    first, *_, last = [layer for layer in model.flow_layers if isinstance(layer, BatchNorm)]
    first.trainable = False
    model.compile(keras.optimizers.Adam(1e-2))
    before = [layer.mean.numpy() for layer in (first, last)]
    x = tf.constant(X + 5)
    np.testing.assert_array_equal(first.bijector(training=True).inverse(x), first.bijector().inverse(x))
    model.fit(X + 5, verbose=0)
    np.testing.assert_array_equal(first.mean, before[0])
    assert np.any(last.mean.numpy() != before[1])


@pytest.mark.parametrize("by", [pytest.param("fit", marks=pytest.mark.slow), "train_on_batch"])
def test_batch_that_is_refused_leaves_the_weights(by):
    model = zoo.create("realnvp", Event((3,)), couplings=2, width=4, depth=1)
    model.compile("adam")
    model.fit(X, verbose=0)
    before, bad = model.get_weights(), X.copy()
    bad[40, 1] = np.nan
    data = tf.data.Dataset.from_tensor_slices(bad[40:41]).batch(1)
    with pytest.raises(InputError, match="Expected `x` to be finite"):
        model.fit(data, verbose=0) if by == "fit" else model.train_on_batch(tf.constant(bad))
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


EMPTY = {
    "rows": lambda model: model.fit(X[:0]),
    "take": lambda model: model.fit(tf.data.Dataset.from_tensor_slices(X).batch(8).take(0)),
    "filter": lambda model: model.evaluate(tf.data.Dataset.from_tensor_slices(X).batch(8).filter(lambda x: False)),
}


@pytest.mark.parametrize("case", EMPTY)
def test_no_data_is_said(case):
    model = maf()
    model.initialize(X)
    with pytest.raises(InputError, match=r"Expected a(t least one row| dataset with at least one batch)"):
        EMPTY[case](model)
