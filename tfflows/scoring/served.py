"""An exported model as a server runs it: the signature `log_prob` of its SavedModel."""

import dataclasses
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import export, guards, metrics, versions
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.metrics import ScoreKind
from tfflows.sources import storage


@dataclasses.dataclass(frozen=True)
class Version:
    """The folder of one version of an exported model, from which any process can load it.

    Args:
        folder: Path of the folder with `saved_model.pb` and `config.json`.
    """

    folder: str

    @classmethod
    def find(cls, path: str, number: int | None = None) -> "Version":
        """The version `number`, or the newest, in a model's folder; or the version itself if `path` is its own folder.

        Raises:
            InputError: The version does not exist.
        """
        folder = storage.absolute(path)
        check(tf.io.gfile.isdir(folder), "Expected `model` to be the folder of an exported model.", model=path)
        if tf.io.gfile.exists(os.path.join(folder, "saved_model.pb")):
            check(number is None, "Expected no `version` with the folder of a version itself.", version=number)
            return cls(folder)
        return cls(os.path.join(folder, str(versions.select(folder, number))))

    @property
    def name(self) -> str:
        model, number = os.path.split(self.folder.rstrip("/"))
        return f"{os.path.basename(model)}, version {number}"

    def config(self) -> dict[str, Any]:
        """Configuration of the training run."""
        with storage.open_to_read(os.path.join(self.folder, "config.json")) as file:
            return json.load(file)

    def event(self) -> Event:
        """Event that the model scores."""
        return Event(**self.config()["event"])

    def options(self) -> dict[str, Any]:
        """Options of the dataset that it was trained on; empty for an export of `model.export`."""
        return self.config().get("data", {})

    def score_kind(self) -> ScoreKind:
        """What its scores are, as `metrics.json` says or, without it, by its event."""
        path = os.path.join(self.folder, "metrics.json")
        kind = ScoreKind.of(bound=self.event().has_noise, estimate=False)
        if not tf.io.gfile.exists(path):
            return kind
        with storage.open_to_read(path) as file:
            return ScoreKind(json.load(file).get("kind", kind))

    def identity(self) -> str:
        """A fingerprint that changes with the weights or the graph."""
        return tf.saved_model.experimental.read_fingerprint(self.folder).singleprint()

    def training_quantile(self, share: float) -> float:
        """The score, in nats, below which this share of the training set lies.

        Raises:
            InputError: `share` is not between 0 and 1, or the export lacks the scores of its training set.
        """
        check(0 < share < 1, "Expected `flag_below_quantile` to be between 0 and 1.", flag_below_quantile=share)
        path = os.path.join(self.folder, export.TRAINING_SCORES)
        rule = f"Expected {export.TRAINING_SCORES} beside the SavedModel, as `train.py` writes it after a fit to data."
        check(tf.io.gfile.exists(path), rule, model=self.folder)
        with storage.open_to_read(path) as file:
            return metrics.lower_quantile(np.load(file), share)


class Served:
    """A loaded SavedModel: `served(x=..., label=...)` gives the log-probability of each row.

    Args:
        version: Version to load.
        batch_size: Number of rows that are scored at a time, or as many as the graph takes, if these are fewer. Smaller
            batches are padded, since each shape is compiled and rounded separately.
    """

    def __init__(self, version: Version, batch_size: int):
        self._loaded = tf.saved_model.load(version.folder)  # kept, as a signature alone loses its variables
        latent_shape = self._loaded.signatures["encode"].structured_outputs["z"].shape[1:]
        self._batch_size = min(batch_size, guards.most_rows(version.event(), latent_shape))

    def __call__(self, **inputs: tf.Tensor) -> np.ndarray:
        """Scores in nats, float32 `[rows]`; NaN for a score that float32 cannot hold.

        Raises:
            InputError: The graph rejects the request itself.
        """
        starts = range(0, len(inputs["x"]), self._batch_size)
        parts = [{name: values[at : at + self._batch_size] for name, values in inputs.items()} for at in starts]
        return np.concatenate([self._scores_or_nan(part) for part in parts])

    def _scores_or_nan(self, inputs: dict[str, tf.Tensor]) -> np.ndarray:
        try:
            return self._scores(inputs)
        except tf.errors.InvalidArgumentError as error:
            if guards.TOO_FAR not in error.message:
                raise InputError(f"The SavedModel says: {guards.message_of(error.message)}") from error
        rows = len(inputs["x"])
        if rows == 1:
            return np.full(1, np.nan, np.float32)
        # One row makes the graph reject all of them; halving finds it in a few calls.
        halves = slice(None, rows // 2), slice(rows // 2, None)
        parts = [{name: values[half] for name, values in inputs.items()} for half in halves]
        return np.concatenate([self._scores_or_nan(part) for part in parts])

    def _scores(self, inputs: dict[str, tf.Tensor]) -> np.ndarray:
        rows = inputs["x"].shape[0]
        place = np.minimum(np.arange(self._batch_size), rows - 1)
        filled = {name: tf.gather(values, place) for name, values in inputs.items()}
        return self._loaded.signatures["log_prob"](**filled)["log_prob"].numpy()[:rows]
