"""Distributions of all integers, from the parameters that a network computes: the latents of integer discrete flows."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfflows.bounds import soft_bound
from tfflows.errors import check
from tfflows.logistic import log_mass
from tfflows.serialization import ConfigurableValue

FIRST_SCALE = 0.1  # of a component whose parameters are 0, as a fraction of all levels


@dataclasses.dataclass(frozen=True)
class DiscretizedLogisticMixture(ConfigurableValue):
    """Independent integers, each from a mixture of logistic distributions that are rounded to the nearest integer.

        log P(z) = log(sum(w_k * (sigmoid(b_k) - sigmoid(a_k)) for each component k))
        a_k, b_k = (z - 1/2 - mean_k) / scale_k, (z + 1/2 - mean_k) / scale_k

    In all methods, `outputs` are those of a network, `[batch, ..., size * channels]`; parameters of 0 give components
    that are spread evenly over the middle of the levels 0..levels-1. The masses of all integers add up to 1.

    Args:
        levels: Number of values of a pixel, the unit of means and scales.
        components: Number of logistic distributions.

    Raises:
        InputError: `components` is less than 1.

    Source: Hoogeboom et al., "Integer Discrete Flows and Lossless Compression" (1905.07376), the section on the prior,
    and the authors' code, `utils/distributions.py`.
    Differs from the authors' code: log-scales are bounded; a mass has no constant added to it before its logarithm;
    the components start spread over the middle of the levels.
    """

    levels: int
    components: int = 1

    def __post_init__(self):
        check(self.components >= 1, "Expected `components` to be 1 or more.", components=self.components)

    @property
    def size(self) -> int:
        """Number of parameters of each integer; a single component has no weight."""
        return 3 * self.components if self.components > 1 else 2

    def log_prob(self, outputs: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Log of the mass of each entry of `z`, `[batch, ..., channels]`, in nats."""
        log_weight, mean, scale = self._parts(outputs)
        return tf.reduce_logsumexp(log_weight + log_mass(z[..., None, :], mean, scale), axis=-2)

    def draw(self, outputs: tf.Tensor, u: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """Integers from uniform noise `u`, `[batch, ..., channels]`, in (0, 1).

        Args:
            outputs: Outputs of a network.
            u: Noise; it chooses the component, and what is left of it the quantile.
            temperature: Factor of the scales, `[batch]`; at 0 an integer is the rounded mean of its component.
        """
        log_weight, mean, scale = self._parts(outputs)
        weight = tf.exp(log_weight)
        below = tf.cumsum(weight, axis=-2, exclusive=True)
        chosen = tf.reduce_sum(tf.cast(u[..., None, :] >= below, tf.int32), axis=-2, keepdims=True) - 1
        weight, below, mean, scale = (_of(chosen, part) for part in (weight, below, mean, scale))
        least = np.finfo(u.dtype.as_numpy_dtype).eps / 2
        v = tf.clip_by_value((u - below) / weight, least, 1 - 2 * least)
        temperature = tf.reshape(tf.cast(temperature, u.dtype), [-1, *[1] * (u.shape.rank - 1)])
        return tf.round(mean + temperature * scale * (tf.math.log(v) - tf.math.log1p(-v)))

    def _parts(self, outputs):
        """Log-weights, means and scales, `[batch, ..., components, channels]`."""
        shape = tf.concat([tf.shape(outputs)[:-1], [self.size, outputs.shape[-1] // self.size]], axis=0)
        *logits, mean, log_scale = tf.split(tf.reshape(outputs, shape), self.size // self.components, axis=-2)
        log_weight = tf.nn.log_softmax(logits[0], axis=-2) if logits else tf.zeros_like(mean)
        spread = (np.arange(self.components) + 0.5) / self.components - 0.5
        mean = (self.levels - 1) / 2 + self.levels * (mean + tf.constant(spread[:, None], mean.dtype))
        return log_weight, mean, FIRST_SCALE * self.levels * tf.exp(soft_bound(log_scale))


def _of(chosen, part):
    """The component `chosen`, `[batch, ..., 1, channels]`, of `part`, `[batch, ..., components, channels]`."""
    picked = tf.equal(tf.range(part.shape[-2])[:, None], chosen)
    return tf.reduce_sum(tf.where(picked, part, tf.zeros_like(part)), axis=-2)
