"""Writes the files of a version of an exported model into a folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import figures, guards, signatures
from tfflows.datasets import Data
from tfflows.export import golden, training_scores, warmup
from tfflows.export.card import CARD, model_card
from tfflows.export.slimming import slim
from tfflows.models import GenerativeModel
from tfflows.servable import Servable
from tfflows.splits import without_weight
from tfflows.targets import Target

EXAMPLES = 32  # number of events that an export is checked on, and the most in a warm-up request
ROUNDING = 1e-4  # relative error of float32 sums over an event, between a SavedModel and the model it was made from


def write(
    model: GenerativeModel,
    folder: Path,
    *,
    name: str,
    config: dict[str, Any],
    metrics: dict[str, Any],
    data: Data | Target,
) -> None:
    """Writes a version into the empty `folder`: the SavedModel, reloaded and checked to score as the model does, and
    the other files that `tfflows.export.export` lists. `name` is the name to serve it by; the rest is as there.
    """
    num_importance_samples = config["train"]["num_importance_samples"]
    metrics = {"kind": str(model.score_kind), **metrics} if isinstance(data, Data) else metrics
    Servable(model, num_importance_samples=num_importance_samples).save(folder)
    slim(folder)
    reloaded = tf.saved_model.load(folder)
    events = examples(model, data)
    golden.write(folder, check_same(model, reloaded, num_importance_samples, events))
    warmup.write(folder, name, requests(reloaded, model, events))
    if isinstance(data, Data):
        most = guards.most_rows(model.event, model.latent_shape)
        batch_size = min(config["train"].get("eval_batch_size", 256), most)
        scores = [training_scores.scores(reloaded, split, batch_size=batch_size) for split in (data.train, data.test)]
        training_scores.write(folder, scores[0])
        figures.save(figures.histogram(*scores), folder / "log_likelihoods.png")
    figures.save(figures.picture(served_samples(reloaded, model, data), data), folder / "samples.png")
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    (folder / CARD).write_text(model_card(name, config, metrics))


def examples(model: GenerativeModel, data: Data | Target) -> dict[str, np.ndarray]:
    """A few events to score, with their labels and contexts; samples if there are no data."""
    if isinstance(data, Target):
        return {"x": model.sample(EXAMPLES, seed=0).numpy()}
    n = min(EXAMPLES, guards.most_rows(model.event, model.latent_shape))
    return without_weight(data.test.arrays(n))


def check_same(
    model: GenerativeModel, reloaded, num_importance_samples: int, examples: dict[str, np.ndarray]
) -> np.ndarray:
    """The scores of `examples`, `[n]`; raises `RuntimeError` unless the reloaded SavedModel gives the same."""
    inputs = {name: tf.constant(value) for name, value in examples.items()}
    served = reloaded.signatures["log_prob"](**inputs)["log_prob"].numpy()
    expected = model.log_prob(**examples, num_importance_samples=num_importance_samples).numpy()
    if not np.allclose(served, expected, rtol=ROUNDING, atol=ROUNDING):
        worst = np.abs(served - expected).max()
        raise RuntimeError(
            f"The reloaded SavedModel scores up to {worst} nats apart from the model; nothing was exported."
        )
    return expected


def requests(reloaded, model: GenerativeModel, examples: dict[str, np.ndarray]) -> list[tuple[str, dict[str, Any]]]:
    """Two requests to each signature, of one row and of all examples, with the inputs that users send."""
    n = len(examples["x"])
    encode = {name: tf.constant(value) for name, value in examples.items()}
    given = {**examples, "z": reloaded.signatures["encode"](**encode)["z"].numpy()}
    found = []
    for name in reloaded.signatures:
        signature = signatures.DEFAULT if name == "serving_default" else name
        inputs = _values(signatures.inputs_of(signature, model.event, model.latent_shape), n, given)
        found += [(name, {key: value[:rows] for key, value in inputs.items()}) for rows in (1, n)]
    return sorted(found, key=lambda request: request[0])


def served_samples(reloaded, model: GenerativeModel, data: Data | Target) -> np.ndarray:
    """Samples from the `sample` signature at temperature 1, as many as a picture shows and a request may ask for."""
    n = min(figures.number(model.event), guards.most_rows(model.event, model.latent_shape))
    given = figures.conditions(data, n)
    inputs = _values(signatures.inputs_of("sample", model.event, model.latent_shape), n, given)
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    return reloaded.signatures["sample"](**inputs)["x"].numpy()


def _values(inputs: list[signatures.Input], n: int, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {each.name: given[each.name] if each.name in given else each.example(n) for each in inputs}
