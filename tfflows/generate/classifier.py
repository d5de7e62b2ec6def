"""A small classifier of the images of a dataset, in whose features the quality of samples is measured."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfflows import files
from tfflows.backend import seeded
from tfflows.datasets import Data
from tfflows.datasets.naming import word
from tfflows.errors import InputError, check

FEATURES, STEPS, BATCH = 64, 1500, 128


def classifier(data: Data, *, path: Path | None = None, seed: int = 0, verbose: int = 0) -> keras.Model:
    """A classifier of a dataset, trained for a minute, or read from the file of an earlier one.

    Two strided convolutions, a dense layer whose outputs are the features, and a softmax; 1,500 steps of Adam.

    Args:
        data: Images with labels, of `datasets.load(name, conditional=True)`.
        path: A .keras file of a classifier of this dataset, which is read if it is there, and else written; None writes
            nothing.
        seed: Seed of the weights and of the order of the examples.
        verbose: As in Keras' `fit`.

    Raises:
        InputError: The dataset has no images with labels, or `path` is not such a file.
    """
    rule = "Expected a dataset of images with labels: quality is measured in the features of a classifier."
    check(data.event.kind == "image" and data.event.classes > 0, rule, dataset=data.name, event=data.event.to_dict())
    if path is not None:
        check(path.suffix == ".keras", "Expected the path of a .keras file for the classifier.", path=str(path))
        if path.exists():
            return _read(path, data)
    with seeded(seed):
        model = _network(data)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    examples = data.train.events(key=seed).map(lambda element: (element["x"], element["label"])).cache()
    batches = examples.shuffle(10_000, seed=seed).repeat().batch(BATCH).prefetch(tf.data.AUTOTUNE)
    model.fit(batches, steps_per_epoch=STEPS, shuffle=False, verbose=verbose)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.atomic_write(path) as beside:
            model.save(beside)
    return model


def _read(path: Path, data: Data) -> keras.Model:
    rule = "Expected a classifier of this dataset: remove the file, or name another one."
    try:
        model = keras.models.load_model(path)
    except (ValueError, OSError) as error:  # what Keras raises for other files
        raise InputError(f"{rule} Received: path={str(path)!r} ({str(error).splitlines()[0]}).") from error
    check(model.name == _name(data), rule, path=str(path), classifier=model.name, dataset=data.name)
    return model


def _name(data: Data) -> str:
    return f"classifier_of_{word(data.name)}"


def _network(data: Data) -> keras.Model:
    layers = [
        keras.Input(data.event.shape),
        keras.layers.Rescaling(2 / (data.event.levels - 1), offset=-1.0),
        keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(FEATURES, activation="relu", name="features"),
        keras.layers.Dense(data.event.classes, activation="softmax"),
    ]
    return keras.Sequential(layers, name=_name(data))


def features(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The features of images `[rows, *event]`, float64 `[rows, features]`."""
    network = keras.Model(model.inputs, model.get_layer("features").output)
    return network.predict(x, batch_size=BATCH, verbose=0).astype(np.float64)


def accuracy(model: keras.Model, data: Data) -> float:
    """The share of the test set that the classifier gets right."""
    batches = data.test.events().map(lambda element: (element["x"], element["label"])).batch(BATCH)
    return float(model.evaluate(batches, verbose=0)[1])
