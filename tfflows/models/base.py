"""What every generative model can do, whatever its architecture."""

import abc
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfflows import metrics, noise, values
from tfflows.costs import Cost
from tfflows.errors import check_choice
from tfflows.metrics import ScoreKind
from tfflows.models.conditional import Conditional
from tfflows.models.keras_model import KerasModel
from tfflows.servable import Servable


class GenerativeModel(Conditional, KerasModel):
    """A Keras model of the density of one kind of event.

    Calling it returns log-likelihoods, and `compile("adam")` and `fit(x)` maximize them: see `KerasModel`. All
    log-likelihoods are nats per event in raw data units; all randomness comes from stateless seeds, and the
    log-likelihood or sample of a row does not depend on the rest of its batch. Every method works eagerly, inside a
    `tf.function`, where values are checked by assertions, and under a `tf.GradientTape`.

    A subclass implements, for tensors inside a compiled function, `log_prob_fn`, `sample_fn`, `encode_fn` and
    `decode_fn`. They take the label and the context as one tensor, which `condition` makes.

    Args:
        event: What one data point is.
    """

    @property
    def score_kind(self) -> ScoreKind:
        """What `log_prob` is: the log-likelihood itself, a lower bound on it, or an unbiased estimate of either."""
        return ScoreKind.of(bound=self.is_bound, estimate=self.estimates)

    @property
    def is_bound(self) -> bool:
        """Whether `log_prob` is a lower bound, or an estimate of one."""
        return self.event.has_noise

    estimates = False  # whether `log_prob` is an unbiased estimate
    takes_importance_samples = True  # whether `log_prob` is a bound that more of them tighten
    sample_cost = log_prob_cost = Cost()  # of a sample, and of a log-likelihood; some architectures need more

    # What an architecture provides.

    @property
    @abc.abstractmethod
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of `z` without the batch dimension."""

    @abc.abstractmethod
    def log_prob_fn(
        self,
        x: tf.Tensor,
        condition: tf.Tensor | None,
        seed: tf.Tensor,
        num_importance_samples: int = 1,
        *,
        training: bool = False,
    ) -> tf.Tensor:
        """Nats `[batch]` of `x`, `[batch, *event]`; `seed` is int32 `[2]`; only training may add noise of its own."""

    def log_weight_fn(self, x: tf.Tensor, condition: tf.Tensor | None, seed: tf.Tensor) -> tf.Tensor:
        """The log of an unbiased estimate of the density, `[batch]`: of a bound, one importance weight."""
        return self.log_prob_fn(x, condition, seed)

    @abc.abstractmethod
    def sample_fn(self, seeds: tf.Tensor, temperature: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """Events `[n, *event]` from `seeds`, int32 `[n, 2]`, and `temperature`, float32 `[n]`."""

    @abc.abstractmethod
    def encode_fn(self, x: tf.Tensor, condition: tf.Tensor | None, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Latents `[batch, *latent]` of `x`: drawn with `seed`, int32 `[2]`, or their center if it is None."""

    @abc.abstractmethod
    def decode_fn(self, z: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """Events `[batch, *event]` of `z`."""

    def initialize(
        self, x: tf.Tensor, label: tf.Tensor | None = None, context: tf.Tensor | None = None, *, seed: int = 0
    ) -> None:
        """Sets the data-dependent weights from one batch of random events, `[batch, *event]`; once, before training."""

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Computes the statistics that a density needs from the whole training set, with the current weights.

        Args:
            batches: The training set, in batches `{"x": ...}`, with `"label"` and `"context"` if the event has them.
        """

    # What a user calls.

    def log_prob(
        self, x: Any, label: Any = None, context: Any = None, *, num_importance_samples: int = 1, seed: Any = 0
    ) -> tf.Tensor:
        """Log-likelihood of each row.

        Args:
            x: Events in raw units, `[batch, *event]`; pixels are integers 0..levels-1.
            label: Class of each row, `[batch]`, for a class-conditional model.
            context: Context of each row, `[batch, context]`, or one for all rows, for a model with a context.
            num_importance_samples: Number of draws of the dequantization noise, or of the latent of a VAE; more
                give a tighter bound. 1 for models with an exact density.
            seed: Seed of that noise, or of an estimate's. The result depends only on the row and on this number.

        Returns:
            float32 `[batch]`, nats per event: exact, a lower bound, or an unbiased estimate: see `score_kind`.

        Raises:
            InputError: Wrong shape, a value that is not finite, a pixel or label out of range, or a model whose
                data-dependent weights have not been set.
        """
        num_importance_samples = values.check_count("num_importance_samples", num_importance_samples, least=1)
        x = self.event.check(x)
        condition = self.check_condition(label, context, values.rows(x))

        def function(x, condition, seed):
            return self.log_prob_fn(x, condition, seed, num_importance_samples)

        inputs = x, condition, noise.seed_pair(seed)
        return self.on_rows("log_prob", function, inputs, (), self.compute_dtype, num_importance_samples)

    def sample(
        self, n: int, label: Any = None, context: Any = None, *, seed: Any = None, temperature: Any = 1.0
    ) -> tf.Tensor:
        """Draws events in raw units.

        Args:
            n: Number of events.
            label: One class for all events, or a class for each, for a class-conditional model.
            context: One context for all events, `[context]`, or one for each, for a model with a context.
            seed: An integer, or a stateless seed `[2]`; the same seed draws the same events. None draws new ones.
            temperature: Factor of the latent noise, one for all events or one for each.

        Returns:
            `[n, *event]` of the event's dtype.

        Raises:
            InputError: A number of events that is no integer, a negative or infinite temperature, an unknown class.
        """
        n = n if values.is_symbolic(n) else values.check_count("n", n)
        temperature, condition = noise.temperatures(temperature, n), self.check_condition(label, context, n)
        inputs = noise.sample_seeds(seed, n), temperature, condition
        return self.on_rows("sample", self.sample_fn, inputs, self.event.shape, self.event.dtype)

    def encode(self, x: Any, label: Any = None, context: Any = None, *, seed: Any = None) -> tf.Tensor:
        """Latents `[batch, *latent]` of events in raw units.

        Args:
            x: Events.
            label: Class of each row, for a class-conditional model.
            context: Context of each row, or one for all rows, for a model with a context.
            seed: Draws a latent where an event has many: from the posterior of a VAE, or from the dequantized pixels
                of a flow. None takes the center: the posterior's mean (if flow layers transform it, the image of its
                Gaussian's mean), or the center of the pixels' noise.

        Raises:
            InputError: As in `log_prob`, or a seed where the latent is exact.
        """
        x = self.event.check(x)
        condition = self.check_condition(label, context, values.rows(x))
        inputs = x, condition, None if seed is None else noise.seed_pair(seed)
        return self.on_rows("encode", self.encode_fn, inputs, self.latent_shape, self.compute_dtype)

    def decode(self, z: Any, label: Any = None, context: Any = None) -> tf.Tensor:
        """Events in raw units, `[batch, *event]`, from finite latents `[batch, *latent]`: the inverse of `encode`."""
        z = values.real("z", z, self.latent_shape, self.compute_dtype)
        condition = self.check_condition(label, context, values.rows(z))
        return self.on_rows("decode", self.decode_fn, (z, condition), self.event.shape, self.event.dtype)

    def export(self, filepath: str | Path, format: str = "tf_saved_model", *, num_importance_samples: int = 1) -> None:
        """Writes a SavedModel with the signatures `log_prob`, `sample`, `encode` and `decode`, ready to be served.

        The two files next to it, config.json with the event and metrics.json, are for `tfflows.scoring`. The exports of
        `train.py` also have warm-up requests, training scores, a model card and what `zoo.load` needs.

        Args:
            filepath: Folder of the SavedModel.
            format: `"tf_saved_model"`.
            num_importance_samples: As in `log_prob`, for the exported signature.
        """
        check_choice("format", format, ("tf_saved_model",))
        self.check_initialized()
        Servable(self, num_importance_samples=num_importance_samples).save(filepath)

    def nats_fn(self, batch: dict[str, tf.Tensor], seed: tf.Tensor, num_importance_samples: int = 1) -> tf.Tensor:
        """Log-likelihoods `[batch]`, in nats, of examples of a dataset."""
        return self.log_prob_fn(batch["x"], self.condition_of(batch), seed, num_importance_samples)

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Log-likelihoods `[batch]` of `x` or `{"x": ..., "label": ..., "context": ...}`; training uses new noise."""
        x, condition = self.checked(**(inputs if isinstance(inputs, dict) else {"x": inputs}))
        return self.log_prob_fn(x, condition, self.step_seed(training=training), training=training)

    def progress_value(self, log_prob: tf.Tensor) -> tf.Tensor:
        return metrics.bits_per_dim(log_prob, self.event) if self.event.discrete else metrics.nll(log_prob)
