"""Maximum likelihood in Keras' terms: a loss without a target, and the score that the progress bar shows."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import metrics, noise


class MeanNegativeLogLikelihood(keras.losses.Loss):
    """Maximum likelihood as a Keras loss: the model's output is `log_prob`, and there is no target."""

    def call(self, y_true: Any, y_pred: tf.Tensor) -> tf.Tensor:
        del y_true
        return metrics.nll(y_pred)


class RecentMean(keras.metrics.Metric):
    """Mean of a score over about the last 50 steps: what a model scores now, not since the epoch began."""

    DECAY = 0.98

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.total = self.add_variable((), "zeros", name="total")
        self.weight = self.add_variable((), "zeros", name="weight")

    def update_state(self, values: tf.Tensor) -> None:
        self.total.assign(self.DECAY * self.total + tf.reduce_mean(tf.cast(values, self.dtype)))
        self.weight.assign(self.DECAY * self.weight + 1.0)

    def result(self) -> tf.Tensor:
        return tf.math.divide_no_nan(tf.convert_to_tensor(self.total), tf.convert_to_tensor(self.weight))


def importance_weighted(
    log_weight: Callable[[tf.Tensor], tf.Tensor], seed: tf.Tensor, num: int, dtype: tf.DType
) -> tf.Tensor:
    """The bound `log mean_k(w_k)`, `[batch]` in nats, with `log w_k = log_weight(seed_k)` of `num` seeds out of one.

    Source: Burda et al., "Importance Weighted Autoencoders" (1509.00519), section 3.
    """
    log_weights = tf.map_fn(log_weight, noise.split(seed, num), fn_output_signature=dtype)
    return tfp.math.reduce_logmeanexp(log_weights, axis=0)
