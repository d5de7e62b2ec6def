"""Batch normalization between the layers of a flow: batch statistics in training, then those of the training set."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.layers.base import FlowLayer, is_set


class BatchNorm(FlowLayer):
    """Brings each entry of a vector to mean 0 and variance 1, then scales and shifts it.

        inverse:  z = (x - mean) * (variance + epsilon) ** -0.5 * exp(log_gamma) + beta
        forward:  x = (z - beta) * exp(-log_gamma) * (variance + epsilon) ** 0.5 + mean
        log-det:  log |det dz/dx| = sum(log_gamma - 0.5 * log(variance + epsilon))

    In training, mean and variance are those of the global batch, over all replicas, and gradients flow through them. In
    evaluation they are stored weights: NaN until `initialize` sets them from one batch, as a first guess; `adapt` sets
    them to those of the whole training set. A score in evaluation does not depend on the batch. A frozen layer keeps
    its statistics and uses them in training, too, as in Keras.

    Args:
        epsilon: Added to the variance.

    Source: Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), appendix on batch normalization; log of
    gamma and epsilon: the authors' code.
    Differs from the paper: nothing.
    """

    def __init__(self, *, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        unset = keras.initializers.Constant(float("nan"))
        shape = input_shape[-1:]
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")
        self.log_gamma = self.add_weight(shape=shape, initializer="zeros", name="log_gamma")
        self.mean = self.add_weight(shape=shape, initializer=unset, trainable=False, name="mean")
        self.variance = self.add_weight(shape=shape, initializer=unset, trainable=False, name="variance")

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.BatchNormalization(
            tf.convert_to_tensor(self.mean),
            tf.convert_to_tensor(self.variance),
            beta=tf.convert_to_tensor(self.beta),
            log_gamma=tf.convert_to_tensor(self.log_gamma),
            epsilon=self.epsilon,
            batch=global_moments if training and self.trainable else None,
        )

    @property
    def uses_statistics(self):
        return self.trainable or not self.initialized

    @property
    def initialized(self):
        return is_set(self.variance)

    def initialize(self, x, context=None):
        if not self.initialized:
            self.adapt([(x, context)])

    def adapt(self, batches):
        mean, variance = streaming_moments(x for x, _ in batches)
        self.mean.assign(mean)
        self.variance.assign(variance)


def global_moments(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance of each entry over the rows of all replicas; differentiable."""
    mean = mean_of_all_rows(x)
    return mean, mean_of_all_rows((x - mean) ** 2)


def mean_of_all_rows(x: tf.Tensor) -> tf.Tensor:
    """The mean over the rows of all replicas, of which some may have fewer, or none; differentiable."""
    total, count = tf.reduce_sum(x, axis=0), tf.cast(tf.shape(x)[0], x.dtype)
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        total, count = (context.all_reduce(tf.distribute.ReduceOp.SUM, part) for part in (total, count))
    return total / count


def streaming_moments(batches: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance, in float64, over the rows of all batches.

    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances".
    """
    count, mean, squares = 0, 0.0, 0.0
    for batch in batches:
        rows = np.asarray(batch, np.float64)
        total, difference = count + len(rows), rows.mean(axis=0) - mean
        squares = squares + ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
        squares = squares + difference**2 * count * len(rows) / total
        mean = mean + difference * len(rows) / total
        count = total
    return mean, squares / count
