"""The functions that an export serves, by the names of TF Serving's signatures."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from tfflows import metrics, noise
from tfflows.models import GenerativeModel

SCORE_SEED = 0  # Of the dequantisation noise: an exported score is a function of the row alone.


class Servable(tf.Module):
    """A model as a SavedModel: every input and output batched on axis 0, every row independent of the others.

        log_prob   x -> log_prob (nats per event) and, for discrete events, bits_per_dim
        sample     seed int32 [n, 2], temperature float32 [n] -> x
        encode     x -> z
        decode     z -> x

    A class-conditional model also takes `label`, int32 `[batch]`, everywhere.

    Args:
        model: Of which to serve the current weights.
        num_importance_samples: Of `log_prob`, where it is a bound.
    """

    def __init__(self, model: GenerativeModel, *, num_importance_samples: int = 1):
        super().__init__(name=model.name)
        # Behind a function, as what a module holds is exported with it: the Keras model has signatures of its own.
        self._model = lambda: model
        self._num_importance_samples = num_importance_samples
        self._weights = [variable.value for variable in model.variables]

    def save(self, folder: Path) -> None:
        """Writes the SavedModel, without the gradients of operations that define their own: a server asks for none."""
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(self, str(folder), signatures=self.signatures(), options=options)

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by signature name; `serving_default` is `log_prob`."""
        event = self._model().event
        x = tf.TensorSpec([None, *event.shape], event.dtype, name="x")
        z = tf.TensorSpec([None, *self._model().latent_shape], tf.float32, name="z")
        seed = tf.TensorSpec([None, 2], tf.int32, name="seed")
        temperature = tf.TensorSpec([None], tf.float32, name="temperature")
        label = [tf.TensorSpec([None], tf.int32, name="label")] if event.classes else []
        functions = {
            "log_prob": (self.log_prob, [x, *label]),
            "sample": (self.sample, [seed, temperature, *label]),
            "encode": (self.encode, [x, *label]),
            "decode": (self.decode, [z, *label]),
        }
        concrete = {name: tf.function(f).get_concrete_function(*specs) for name, (f, specs) in functions.items()}
        return {"serving_default": concrete["log_prob"], **concrete}

    def log_prob(self, x, label=None):
        nats = self._model().log_prob_fn(x, label, noise.seed_pair(SCORE_SEED), self._num_importance_samples)
        nats = tf.cast(nats, tf.float32)
        if not self._model().event.discrete:
            return {"log_prob": nats}
        return {"log_prob": nats, "bits_per_dim": metrics.bits_per_dim(nats, self._model().event)}

    def sample(self, seed, temperature, label=None):
        return {"x": self._model().sample_fn(seed, temperature, label)}

    def encode(self, x, label=None):
        return {"z": self._model().encode_fn(x, label)}

    def decode(self, z, label=None):
        return {"x": self._model().decode_fn(z, label)}
