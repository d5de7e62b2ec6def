"""Maximum likelihood in Keras' terms: a loss without a target, and the metric that the progress bar shows."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import metrics, noise
from tfflows.errors import check


@keras.saving.register_keras_serializable("tfflows")
class MeanNegativeLogLikelihood(keras.losses.Loss):
    """Maximum likelihood as a Keras loss: the model's output is `log_prob`, and there is no target."""

    def call(self, y_true: Any, y_pred: tf.Tensor) -> tf.Tensor:
        del y_true
        return metrics.nll(y_pred)


def check_needs_no_targets(loss: Any, metrics: Any) -> None:
    """Raises `InputError` for Keras' own losses, which would be 0 without targets, and for metrics."""
    of_keras = getattr(keras.losses.get(loss), "__module__", "").startswith("keras.")
    rule = "Expected `loss` to be None or a function of `(unused, log_prob)`, as there are no targets."
    check(not of_keras, rule, loss=loss)
    rule = "Expected no `metrics`, as there are no targets to compare with; a callback can compute more than the loss."
    check(not metrics, rule, metrics=metrics)


@keras.saving.register_keras_serializable("tfflows")
class RecentMean(keras.metrics.Metric):
    """Mean over about the last 50 steps, which shows the current model; and the mean over all, for evaluation."""

    DECAY = 0.98

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.total = self.add_variable((), "zeros", name="total")
        self.weight = self.add_variable((), "zeros", name="weight")
        self.sum = self.add_variable((), "zeros", name="sum")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        values = tf.cast(values, self.dtype)
        weights = tf.ones_like(values) if sample_weight is None else tf.cast(sample_weight, self.dtype)
        total, weight = tf.reduce_sum(weights * values), tf.reduce_sum(weights)
        self.total.assign(self.DECAY * self.total + total)
        self.weight.assign(self.DECAY * self.weight + weight)
        self.sum.assign(self.sum + total)
        self.count.assign(self.count + weight)

    def result(self) -> tf.Tensor:
        return tf.math.divide_no_nan(tf.convert_to_tensor(self.total), tf.convert_to_tensor(self.weight))

    def mean(self) -> tf.Tensor:
        """The mean over all values."""
        return tf.math.divide_no_nan(tf.convert_to_tensor(self.sum), tf.convert_to_tensor(self.count))


def check_importance_samples(model: Any, number: int) -> None:
    """Raises `InputError` for more than one importance sample where they do not tighten a bound."""
    rule = "Expected `num_importance_samples` to be 1: more samples would not tighten this log-likelihood."
    check(number == 1 or model.takes_importance_samples, rule, num_importance_samples=number, model=model.name)


def importance_weighted(
    log_weight: Callable[[tf.Tensor], tf.Tensor], seed: tf.Tensor, num: int, dtype: tf.DType
) -> tf.Tensor:
    """The bound `log mean_k(w_k)`, `[batch]` in nats, with `log w_k = log_weight(seed_k)` for `num` seeds from `seed`.

    Source: Burda et al., "Importance Weighted Autoencoders" (1509.00519), section 3.
    """
    log_weights = tf.map_fn(log_weight, noise.split(seed, num), fn_output_signature=dtype)
    return tfp.math.reduce_logmeanexp(log_weights, axis=0)
