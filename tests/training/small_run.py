"""A training run of a few seconds, in this process."""

from pathlib import Path

import keras

import zoo
from tfflows import datasets, training
from tfflows.models import GenerativeModel
from tfflows.training.fitting import Fitted


def model(**options) -> GenerativeModel:
    keras.utils.set_random_seed(0)
    return zoo.create("realnvp", event=datasets.event("digits", **options), scales=1, width=4, blocks=1)


def initialized() -> GenerativeModel:
    """The same, with its data-dependent weights set."""
    one = model()
    one.initialize(next(datasets.load("digits").train.examples.batch(64).as_numpy_iterator())["x"])
    return one


def fit(workdir: Path, *, conditional: bool = False, **settings) -> Fitted:
    defaults = {"steps": 6, "batch_size": 32, "validate_every": 2, "warmup_steps": 1, "ema": 0.5, "sample_every": 2}
    settings = training.TrainSettings(**{**defaults, **settings})
    data = datasets.load("digits", conditional=conditional)
    return training.fit(model(conditional=conditional), data, settings, seed=0, workdir=workdir)
