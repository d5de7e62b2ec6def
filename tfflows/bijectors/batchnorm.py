"""Batch normalization as a bijector: the statistics may be those of its own input."""

from collections.abc import Callable

import tensorflow as tf

from tfflows.bijectors.base import Bijector, sum_event

Moments = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class BatchNormalization(Bijector):
    """Brings each entry to mean 0 and variance 1, then scales and shifts it.

        mean, variance = batch(x), or the stored ones if there is no `batch`
        inverse:  z = (x - mean) * exp(0.5 * log_slope) + beta,  log_slope = 2 * log_gamma - log(variance + epsilon)
        forward:  x = (z - beta) * exp(-0.5 * log_slope) + mean, always with the stored ones
        log-det:  log |det dz/dx| = sum(log_gamma - 0.5 * log(variance + epsilon))

    Args:
        mean: Stored mean, `[dimension]`.
        variance: Stored variance, `[dimension]`.
        beta: Shift, `[dimension]`.
        log_gamma: Log of the scale, `[dimension]`.
        epsilon: Added to the variance, so that a constant entry keeps a finite scale.
        batch: Function from data to the mean and variance of its entries, in training. The log-det treats them as
            constants, as the paper does.

    Source: Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), appendix on batch normalization; log of
    gamma and epsilon: the authors' code.
    Differs from the paper: nothing.
    """

    def __init__(
        self,
        mean: tf.Tensor,
        variance: tf.Tensor,
        *,
        beta: tf.Tensor,
        log_gamma: tf.Tensor,
        epsilon: float,
        batch: Moments | None = None,
    ):
        super().__init__(event_ndims=1, name="batch_normalization")
        self.stored = mean, variance
        self.beta = beta
        self.log_gamma = log_gamma
        self.epsilon = epsilon
        self.batch = batch

    def forward_and_log_det(self, z):
        mean, variance = self.stored
        log_scale = self._log_scale(variance)
        return (z - self.beta) * tf.exp(-log_scale) + mean, -sum_event(log_scale + tf.zeros_like(z), 1)

    def inverse_and_log_det(self, x):
        mean, variance = self.batch(x) if self.batch else self.stored
        log_scale = self._log_scale(variance)
        return (x - mean) * tf.exp(log_scale) + self.beta, sum_event(log_scale + tf.zeros_like(x), 1)

    def _log_scale(self, variance):
        return self.log_gamma - 0.5 * tf.math.log(variance + self.epsilon)
