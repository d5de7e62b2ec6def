"""A training run of a few seconds, in this process."""

from pathlib import Path

import keras

import zoo
from tfflows import datasets, training
from tfflows.config import Config
from tfflows.models import GenerativeModel
from tfflows.training.fitting import Fitted

SETTINGS = {
    "nice": {"couplings": 2, "width": 8, "depth": 1},
    "realnvp": {"scales": 1, "width": 4, "blocks": 1},
}


def model(name: str = "nice", **options) -> GenerativeModel:
    keras.utils.set_random_seed(0)
    return zoo.create(name, event=datasets.event("digits", **options), **SETTINGS[name])


def configuration(**options) -> Config:
    """The configuration of `model()`."""
    settings = {f"model.{name}": value for name, value in SETTINGS["nice"].items()}
    return zoo.configure("nice", "digits", overrides={**settings, **options})


def initialized(name: str = "nice") -> GenerativeModel:
    """The same, with its data-dependent weights set."""
    one = model(name)
    one.initialize(next(datasets.load("digits").train.examples.batch(64).as_numpy_iterator())["x"])
    return one


def fit(workdir: Path, *, name: str = "nice", conditional: bool = False, **settings) -> Fitted:
    defaults = {"steps": 6, "batch_size": 32, "validate_every": 2, "warmup_steps": 1, "ema": 0.5, "sample_every": 2}
    settings = training.TrainSettings(**{**defaults, **settings})
    data = datasets.load("digits", conditional=conditional)
    return training.fit(model(name, conditional=conditional), data, settings, seed=0, workdir=workdir)
