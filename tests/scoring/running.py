"""Small exports to score by, and the command line in this process."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl.testing import flagsaver

import zoo
from tests.training import small_run
from tfflows import datasets, score
from tfflows.events import Event
from tfflows.models import GenerativeModel
from tfflows.servable import Servable

ROOT = Path(__file__).parents[2]


def main(*flags: str) -> str:
    """What the command prints; raises what it raises but for the one line of an `InputError`, a `SystemExit`."""
    said = io.StringIO()
    saved = flagsaver.save_flag_values(score.FLAGS)
    try:
        with contextlib.redirect_stdout(said):
            score.run(score.FLAGS(["score", *flags]))
    finally:
        flagsaver.restore_flag_values(saved, score.FLAGS)
    return said.getvalue()


def refused(*flags: str) -> str:
    """The one line that the command ends with."""
    try:
        said = main(*flags)
    except SystemExit as end:
        line = str(end.code)
        assert line.startswith("tfflows.score: ")
        assert "\n" not in line
        return line
    raise AssertionError(f"was not refused, but said {said}")


def scored(folder: Path, model: Path, *flags: str) -> np.ndarray:
    """The `log_prob` column of a run."""
    main(f"--model={model}", f"--output={folder / 'scores.npy'}", *flags)
    return np.load(folder / "scores.npy")["log_prob"]


def served(model: Path, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What the SavedModel itself answers to all rows at once."""
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
    """Writes version 1 of a small model of the digits into `folder`, and gives the model back."""
    model, rows = small_run.model(conditional=conditional), digits(64)
    model.initialize(rows["x"], tf.constant(rows["label"]) if conditional else None)
    return write(model, folder)


def export_toy(folder: Path) -> GenerativeModel:
    """The same of a small model of the plane."""
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
    """`owner.name` raises `error` meanwhile."""
    original = getattr(owner, name)

    def fail(*_arguments, **_options):
        raise error

    setattr(owner, name, fail)
    try:
        yield
    finally:
        setattr(owner, name, original)
