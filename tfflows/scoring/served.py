"""An exported model as a server has it: the signature `log_prob` of its SavedModel."""

import dataclasses
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import export, guards, versions
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.scoring import storage


@dataclasses.dataclass(frozen=True)
class Version:
    """A version's folder: a path, which any process loads for itself.

    Args:
        folder: With `saved_model.pb` and `config.json` in it.
    """

    folder: str

    @classmethod
    def find(cls, path: str, number: int | None = None) -> "Version":
        """The version `number`, or the newest, of a model folder; or the version's own folder.

        Raises:
            InputError: There is no such version.
        """
        folder = storage.absolute(path)
        if tf.io.gfile.exists(os.path.join(folder, "saved_model.pb")):
            check(number is None, "Expected no --version with the folder of a version itself.", version=number)
            return cls(folder)
        return cls(os.path.join(folder, str(versions.chosen(folder, number))))

    @property
    def name(self) -> str:
        model, number = os.path.split(self.folder.rstrip("/"))
        return f"{os.path.basename(model)}, version {number}"

    def config(self) -> dict[str, Any]:
        """Of the training run that the model comes from."""
        with storage.opened(os.path.join(self.folder, "config.json")) as file:
            return json.load(file)

    def event(self) -> Event:
        """What the model scores."""
        return Event(**self.config()["event"])

    def identity(self) -> str:
        """What changes with the weights or the graph."""
        return tf.saved_model.experimental.read_fingerprint(self.folder).singleprint()

    def training_quantile(self, share: float) -> float:
        """The score, in nats, that this share of the training set does not reach.

        Raises:
            InputError: `share` is outside 0..1, or the export came without the scores of its training set.
        """
        check(0 < share < 1, "Expected --flag_below_quantile to be between 0 and 1.", flag_below_quantile=share)
        path = os.path.join(self.folder, export.TRAINING_SCORES)
        rule = (
            f"Expected {export.TRAINING_SCORES} beside the SavedModel: export the model anew, unless it was fitted to"
        )
        check(tf.io.gfile.exists(path), f"{rule} an energy, which has no training set.", model=self.folder)
        with storage.opened(path) as file:
            return float(np.quantile(np.load(file), share))


class Served:
    """The loaded SavedModel: `served(x=..., label=...)` is the log-probability of each row.

    Args:
        version: Which.
        batch_size: Rows that are scored at a time; fewer are filled up, as each shape compiles and rounds its own way.
    """

    def __init__(self, version: Version, batch_size: int):
        self._loaded = tf.saved_model.load(version.folder)  # held: a signature alone loses its variables
        self._batch_size = batch_size

    def __call__(self, **inputs: tf.Tensor) -> np.ndarray:
        """Nats, float32 `[rows]`, of at most `batch_size` rows; NaN of a row whose score float32 cannot hold.

        Raises:
            InputError: The graph refuses the request itself, such as one of too many rows.
        """
        try:
            return self._scores(inputs)
        except tf.errors.InvalidArgumentError as error:
            if guards.NO_SCORE not in error.message:
                raise InputError(f"The SavedModel says: {guards.words(error.message)}") from error
        # The graph refuses them all for one: each alone, filled up to the same shape.
        rows = [{name: values[row : row + 1] for name, values in inputs.items()} for row in range(len(inputs["x"]))]
        return np.concatenate([self._score_or_nan(row) for row in rows])

    def _score_or_nan(self, row: dict[str, tf.Tensor]) -> np.ndarray:
        try:
            return self._scores(row)
        except tf.errors.InvalidArgumentError:
            return np.full(1, np.nan, np.float32)

    def _scores(self, inputs: dict[str, tf.Tensor]) -> np.ndarray:
        rows = inputs["x"].shape[0]
        place = np.minimum(np.arange(self._batch_size), rows - 1)
        filled = {name: tf.gather(values, place) for name, values in inputs.items()}
        return self._loaded.signatures["log_prob"](**filled)["log_prob"].numpy()[:rows]
