"""The functions that an export serves, by the names of their signatures in TF Serving."""

import json
import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfflows import guards, metrics, noise, signatures
from tfflows.signatures import DEFAULT, SIGNATURES, inputs_of

LOG_PROB_SEED = 0  # seed of the dequantization noise: an exported log-likelihood is a function of the row alone


class Servable(tf.Module):
    """A model as a SavedModel: every input and output batched on axis 0, every row independent of the others.

    Each of `tfflows.signatures.SIGNATURES` is a method. A bad request is answered with the rule that it breaks; see
    `tfflows.guards`.

    Args:
        model: Model whose current weights are served.
        num_importance_samples: Number of importance samples of `log_prob`, where it is a bound.
    """

    def __init__(self, model: Any, *, num_importance_samples: int = 1):
        super().__init__(name=model.name)
        # In a closure, as a module's attributes are exported with it: the Keras model has signatures of its own.
        self._model = lambda: model
        self._num_importance_samples = num_importance_samples
        # The checkpoint stores them in this order and under this name; `tfflows.export.load_weights` relies on both.
        self._weights = [variable.value for variable in model.variables]

    def save(self, folder: str | Path) -> None:
        """Writes the SavedModel, without custom gradients, which a server does not need, and the two facts that
        `tfflows.scoring` needs: the event, and the kind of the scores.
        """
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(self, str(folder), signatures=self.signatures(), options=options)
        _write(folder, "config.json", {"event": self._model().event.to_dict()})
        _write(folder, "metrics.json", {"kind": str(self._model().score_kind)})

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by signature name; `serving_default` is `log_prob`."""
        concrete = {name: self._guarded(name) for name in SIGNATURES}
        return {"serving_default": concrete[DEFAULT], **concrete}

    def _guarded(self, name: str) -> Any:
        event, latent_shape = self._model().event, self._model().latent_shape
        expected, most = inputs_of(name, event, latent_shape), guards.most_rows(event, latent_shape)
        function = getattr(self, name)

        def served(**values):
            given = guards.checked(expected, values, most)
            conditions = {each: given.pop(each) for each in signatures.CONDITIONS if each in given}
            return function(**given, condition=self._model().condition(**conditions))

        return tf.function(served, autograph=False).get_concrete_function(**{each.name: each.spec for each in expected})

    def log_prob(self, x, condition):
        nats = self._model().log_prob_fn(x, condition, noise.seed_pair(LOG_PROB_SEED), self._num_importance_samples)
        nats = guards.checked_log_prob(tf.cast(nats, tf.float32))
        if not self._model().event.discrete:
            return {"log_prob": nats}
        return {"log_prob": nats, "bits_per_dim": metrics.bits_per_dim(nats, self._model().event)}

    def sample(self, seed, temperature, condition):
        return {"x": guards.finite(self._model().sample_fn(seed, temperature, condition), "temperature")}

    def encode(self, x, condition):
        return {"z": guards.finite(tf.cast(self._model().encode_fn(x, condition), tf.float32), "x")}

    def decode(self, z, condition):
        z = tf.cast(z, self._model().compute_dtype)
        return {"x": guards.finite(self._model().decode_fn(z, condition), "z")}


def _write(folder: str | Path, name: str, record: dict[str, Any]) -> None:
    """Writes a JSON file, unless the file there is that of a run, which says more."""
    path = os.path.join(folder, name)
    if tf.io.gfile.exists(path):
        with tf.io.gfile.GFile(path) as file:
            if set(json.load(file)) != set(record):
                return
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(record, indent=2) + "\n")
