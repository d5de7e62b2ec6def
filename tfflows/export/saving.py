"""Writes a trained model as a new version of `<export_dir>/<id>/`, whole or not at all."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import figures, noise, versions
from tfflows.datasets import Data, Energy
from tfflows.errors import InputError
from tfflows.export.card import model_card
from tfflows.export.signatures import Servable
from tfflows.files import replacing
from tfflows.models import GenerativeModel

WEIGHTS = "model.weights.h5"
TRAINING_SCORES = "training_scores.npy"  # nats of events of the training set, float32, ascending
ROUNDING = 1e-4  # of float32 sums over an event, relative, between a SavedModel and the model it was made of


def export(
    model: GenerativeModel,
    folder: Path,
    *,
    config: dict[str, Any],
    metrics: dict[str, Any],
    data: Data | Energy,
) -> Path:
    """Writes `<folder>/<version>/`, after it was reloaded and found to score and sample as the model does.

    Beside the versions go `config.json`, `metrics.json`, `samples.png`, drawn by the reloaded SavedModel, and the model
    card; a version keeps its own copies, with the weights that `zoo.load` reads.

    Args:
        model: In float32, outside any strategy.
        folder: `<export_dir>/<id>`.
        config: Of the run, saved as JSON.
        metrics: Scores and where they come from, saved as JSON.
        data: What the model was fitted to.

    Returns:
        The folder of the new version.

    Raises:
        InputError: `folder` cannot be written.
    """
    check_writable(folder)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        Servable(model, num_importance_samples=config["train"]["num_importance_samples"]).save(beside)
        reloaded = tf.saved_model.load(beside)
        check_same(model, reloaded, config["train"]["num_importance_samples"], examples(model, data))
        figures.save(figures.picture(served_samples(reloaded, model), data), beside / "samples.png")
        model.save_weights(beside / WEIGHTS)
        (beside / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        (beside / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
        (beside / "README.md").write_text(model_card(folder.name, config, metrics, model))
        version = publish(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return version


def check_writable(folder: Path) -> None:
    """Makes `folder`.

    Raises:
        InputError: It cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"Expected --export_dir to be a folder that can be written. Received: export_dir={str(folder.parent)!r}"
            f" ({error.strerror})."
        ) from error


def examples(model: GenerativeModel, data: Data | Energy) -> dict[str, np.ndarray]:
    """A few events to score, `{"x": ...}` with `"label"` where there are classes; draws where there are no data."""
    if isinstance(data, Energy):
        return {"x": model.sample(32, seed=0).numpy()}
    return next(data.test.examples.batch(32).as_numpy_iterator())


def check_same(model: GenerativeModel, reloaded, num_importance_samples: int, examples: dict[str, np.ndarray]) -> None:
    """Raises `RuntimeError` unless the reloaded SavedModel scores `examples` as the model does."""
    inputs = {name: tf.constant(value) for name, value in examples.items()}
    served = reloaded.signatures["log_prob"](**inputs)["log_prob"].numpy()
    expected = model.log_prob(**examples, num_importance_samples=num_importance_samples).numpy()
    if not np.allclose(served, expected, rtol=ROUNDING, atol=ROUNDING):
        worst = np.abs(served - expected).max()
        raise RuntimeError(
            f"The reloaded SavedModel scores up to {worst} nats apart from the model; nothing was exported."
        )


def served_samples(reloaded, model: GenerativeModel) -> np.ndarray:
    """Samples by the `sample` signature at temperature 1, as many as make a picture."""
    n = figures.number(model.event)
    inputs = {"seed": noise.sample_seeds(0, n), "temperature": tf.ones([n])}
    if model.event.classes:
        inputs["label"] = tf.range(n) % model.event.classes
    return reloaded.signatures["sample"](**inputs)["x"].numpy()


def publish(beside: Path, folder: Path) -> Path:
    """Renames a finished version into place under the next free number, then renews the copies beside the versions."""
    beside.chmod(0o755)
    while True:
        version = folder / str(max([0, *versions.numbers(folder)]) + 1)
        try:
            beside.rename(version)
            break
        except OSError:  # another process took this number in between
            if not version.exists():
                raise
    for name in ("config.json", "metrics.json", "samples.png", "README.md"):
        with replacing(folder / name) as copy:
            shutil.copyfile(version / name, copy)
    return version
