"""Small exported models, and ways to score with them."""

import contextlib
import functools
import io
import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from absl import flags

import zoo
from tests.training import small_run
from tfflows import datasets
from tfflows.command import run
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import GenerativeModel
from tfflows.scoring import score
from tfflows.scoring.__main__ import define_flags, main
from tfflows.servable import Servable

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> str:
    """What the command prints, run in this process; a mistake of the user is a `SystemExit` with one line."""
    values, printed = flags.FlagValues(), io.StringIO()
    define_flags(values)
    argv = values(["tfflows.scoring", *arguments])
    with contextlib.redirect_stdout(printed):
        run(functools.partial(main, values=values), argv, name="tfflows.scoring")
    return printed.getvalue()


def refused(model: Path | str, input: Path | str, output: Path | str, **settings) -> str:
    """The one line of the error that `score` raises."""
    with pytest.raises(InputError) as raised:
        score(model, input, output, **settings)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def scored(folder: Path, model: Path | str, input: Path | str, **settings) -> np.ndarray:
    """The `log_prob` column of a run whose output is in `folder`."""
    score(model, input, folder / "scores.npy", **settings)
    return np.load(folder / "scores.npy")["log_prob"]


def served(model: Path, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """The SavedModel's outputs for all rows at once."""
    loaded = tf.saved_model.load(str(model / "1"))
    outputs = loaded.signatures["log_prob"](**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


def points(rows: int, seed: int = 0) -> np.ndarray:
    """Points of the plane, float32 `[rows, 2]`."""
    return np.random.default_rng(seed).normal(size=(rows, 2)).astype(np.float32) * 2


def digits(rows: int) -> dict[str, np.ndarray]:
    """`x`, uint8 `[rows, 8, 8, 1]`, and `label` of the first test images."""
    return next(datasets.load("digits", conditional=True).test.examples.batch(rows).as_numpy_iterator())


def export_digits(folder: Path, *, conditional: bool = False) -> GenerativeModel:
    """Writes version 1 of a small model of the digits into `folder`, and returns the model."""
    model, rows = small_run.model(conditional=conditional), digits(64)
    model.initialize(rows["x"], tf.constant(rows["label"]) if conditional else None)
    return write(model, folder)


def export_toy(folder: Path) -> GenerativeModel:
    """The same for a small model of points in the plane."""
    keras.utils.set_random_seed(0)
    model = zoo.create("realnvp", event=Event((2,)), couplings=2, width=8)
    model.initialize(points(64))
    return write(model, folder)


def write(model: GenerativeModel, folder: Path) -> GenerativeModel:
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:  # at their initial zeros, labels would change nothing
        variable.assign_add(random.normal(scale=0.1, size=variable.shape).astype(np.float32))
    Servable(model).save(folder / "1")
    config = {"event": model.event.to_dict(), "data": {"n_bits": 8}}
    (folder / "1" / "config.json").write_text(json.dumps(config))
    return model


@contextlib.contextmanager
def failing(owner: object, name: str, error: BaseException) -> Iterator[None]:
    """A context in which `owner.name` raises `error`."""
    original = getattr(owner, name)

    def fail(*_arguments, **_options):
        raise error

    setattr(owner, name, fail)
    try:
        yield
    finally:
        setattr(owner, name, original)
