"""What every generative model can do, whatever its architecture."""

import abc
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import metrics, noise
from tfflows.errors import check
from tfflows.events import Event
from tfflows.models.distributed import DistributedModel
from tfflows.models.objective import RecentMean


class GenerativeModel(DistributedModel):
    """A Keras model of the density of one kind of event.

    Calling it gives log-probabilities, so `compile(optimizer, loss=MeanNegativeLogLikelihood())` and `fit` train it.
    All scores are nats per event in raw data units; all randomness comes from stateless seeds, and a row's score or
    sample does not depend on the rest of its batch.

    A subclass implements, for tensors inside a compiled function, `log_prob_fn`, `sample_fn`, `encode_fn` and
    `decode_fn`.

    Args:
        event: What one data point is.
    """

    def __init__(self, event: Event, **kwargs: Any):
        super().__init__(**kwargs)
        self.event = event
        self._score = RecentMean(name="bits_per_dim" if event.discrete else "nll")

    # What an architecture provides.

    @property
    @abc.abstractmethod
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of `z` without the batch."""

    @abc.abstractmethod
    def log_prob_fn(
        self,
        x: tf.Tensor,
        label: tf.Tensor | None,
        seed: tf.Tensor,
        num_importance_samples: int = 1,
        *,
        training: bool = False,
    ) -> tf.Tensor:
        """Nats `[batch]` of `x`, `[batch, *event]`; `seed` is int32 `[2]`; only training may add noise of its own."""

    @abc.abstractmethod
    def sample_fn(self, seeds: tf.Tensor, temperature: tf.Tensor, label: tf.Tensor | None) -> tf.Tensor:
        """Events `[n, *event]` from `seeds`, int32 `[n, 2]`, and `temperature`, float32 `[n]`."""

    @abc.abstractmethod
    def encode_fn(self, x: tf.Tensor, label: tf.Tensor | None, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Latents `[batch, *latent]` of `x`: drawn by `seed`, int32 `[2]`, the middle of them at None."""

    @abc.abstractmethod
    def decode_fn(self, z: tf.Tensor, label: tf.Tensor | None) -> tf.Tensor:
        """Events `[batch, *event]` of `z`."""

    def initialize(self, x: tf.Tensor, label: tf.Tensor | None = None, *, seed: int = 0) -> None:
        """Sets the weights that depend on data, from one global batch; once, before training."""

    def settle(self, batches: tf.data.Dataset) -> None:
        """Takes statistics that a score needs from the whole training set; before scoring, after any training."""

    # What a user calls.

    def log_prob(self, x: Any, label: Any = None, *, num_importance_samples: int = 1, seed: int = 0) -> tf.Tensor:
        """Log-probability of each row.

        Args:
            x: Events in raw units, `[batch, *event]`; pixels are integers 0..levels-1.
            label: Class of each row, `[batch]`, for a class-conditional model.
            num_importance_samples: Of the dequantisation noise, or of the latent of a VAE; more give a tighter bound. 1
                for models that score exactly.
            seed: Of that noise. The score is a function of the row and of this number.

        Returns:
            float32 `[batch]`, nats per event: exact for continuous events of a flow, a lower bound otherwise.

        Raises:
            InputError: Wrong shape, a value that is not finite, a pixel or label out of range; the model's
                data-dependent weights have not been set.
        """
        check(
            num_importance_samples >= 1,
            "Expected `num_importance_samples` to be 1 or more.",
            num_importance_samples=num_importance_samples,
        )
        x, label = self.event.check(x), self._check_label(label)
        function = self.cached_function(
            "log_prob",
            lambda x, label, seed: self.log_prob_fn(x, label, seed, num_importance_samples),
            num_importance_samples,
        )
        return function(x, label, noise.seed_pair(seed))

    def sample(self, n: int, label: Any = None, *, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws events in raw units.

        Args:
            n: How many.
            label: One class for all, or a class for each, for a class-conditional model.
            seed: The same seed draws the same events; None draws new ones.
            temperature: Multiplies the latent noise: below 1, samples are closer to the mode.

        Returns:
            `[n, *event]` of the event's dtype.

        Raises:
            InputError: A negative or infinite temperature, a class out of range.
        """
        check(n >= 0, "Expected `n` to be 0 or more.", n=n)
        check(
            0 <= temperature < float("inf"),
            "Expected `temperature` to be 0 or more and finite.",
            temperature=temperature,
        )
        seeds = noise.sample_seeds(seed, n)
        label = self._check_label(label if label is None else np.broadcast_to(label, n))
        return self.cached_function("sample", self.sample_fn)(
            seeds, tf.fill([n], tf.cast(temperature, tf.float32)), label
        )

    def encode(self, x: Any, label: Any = None, *, seed: int | None = None) -> tf.Tensor:
        """Latents `[batch, *latent]` of events in raw units.

        Args:
            x: Events.
            label: Class of each row, for a class-conditional model.
            seed: Draws latents, where an event has many: of the posterior of a VAE, of the dequantised pixels of a
                flow. None takes the middle: the posterior's mean, where a flow transforms it the image of that of its
                gaussian, and the middle of the pixels' cells.

        Raises:
            InputError: As in `log_prob`; a seed where the latent is exact.
        """
        x, label = self.event.check(x), self._check_label(label)
        seed = None if seed is None else noise.seed_pair(seed)
        return self.cached_function("encode", self.encode_fn)(x, label, seed)

    def decode(self, z: Any, label: Any = None) -> tf.Tensor:
        """Events in raw units of latents `[batch, *latent]`: the inverse of `encode`."""
        z = tf.convert_to_tensor(z, self.compute_dtype)
        check(
            z.shape[1:] == self.latent_shape,
            f"Expected `z` of shape [batch, {', '.join(map(str, self.latent_shape))}].",
            shape=tuple(z.shape),
        )
        return self.cached_function("decode", self.decode_fn)(z, self._check_label(label))

    def _check_label(self, label: Any) -> tf.Tensor | None:
        """`label` as a tensor, after a look at the model itself: every call of a user comes through here."""
        self.check_initialized()
        return self.event.check_label(label)

    def _context(self, label: tf.Tensor | None) -> tf.Tensor | None:
        return None if label is None else tf.one_hot(label, self.event.classes, dtype=self.compute_dtype)

    @staticmethod
    def _finite(x: tf.Tensor) -> tf.Tensor:
        """`x`, what pixels are made of: an integer does not show that it was NaN before.

        Raises:
            tf.errors.InvalidArgumentError: There is NaN or infinity in it.
        """
        return tf.debugging.check_numerics(x, "Expected `z`, or a `temperature`, of which float32 can hold the event.")

    def score_fn(self, batch: dict[str, tf.Tensor], seed: tf.Tensor, num_importance_samples: int = 1) -> tf.Tensor:
        """Nats `[batch]` of the examples of a dataset, `{"x": ..., "label": ...}`."""
        return self.log_prob_fn(batch["x"], batch.get("label"), seed, num_importance_samples)

    # What Keras' fit calls.

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Log-probabilities `[batch]` of `{"x": ..., "label": ...}` or of `x`; fresh noise for each training step."""
        inputs = inputs if isinstance(inputs, dict) else {"x": inputs}
        step = tf.cast(self.optimizer.iterations, tf.int32) if training else tf.constant(0)
        seed = tf.stack([tf.constant(self.noise_seed), step])
        return self.log_prob_fn(inputs["x"], inputs.get("label"), seed, training=training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        score = metrics.bits_per_dim(y_pred, self.event) if self.event.discrete else metrics.nll(y_pred)
        self._score.update_state(score)
        return {metric.name: metric.result() for metric in self.logged_metrics}

    @property
    def logged_metrics(self):
        return [self._loss_tracker, self._score]
