"""A mixture of discretized logistics for each pixel, whose channels depend on one another."""

import dataclasses

import tensorflow as tf

from tfflows.bounds import soft_bound
from tfflows.logistic import log_mass
from tfflows.serialization import ConfigurableValue

START = 0.1  # scale of a new model, as a fraction of all levels


@dataclasses.dataclass(frozen=True)
class PixelMixture(ConfigurableValue):
    """The probability of a pixel, given the outputs of a network.

        P(x) = sum_k softmax(logits)[k] * prod_c mass(x[c]; center[k, c], scale[k, c])
        center[k, c] = mean[k, c] + sum_{j < c} tanh(factor[k, c, j]) * (x[j] - (levels - 1) / 2)

    `mass` is that of a logistic distribution between `x - 1/2` and `x + 1/2`; the end values include the tails.

    Args:
        levels: Number of values of a channel.
        channels: Number of channels.
        components: Number of components, K.

    Source: Salimans et al., "PixelCNN++" (1701.05517), sections on the discretized logistic mixture and on the
    conditioning of the channels.
    Differs from the paper: the means of a new model are spread over the levels, as its outputs start at zero; the
    logarithms of the scales have a soft bound.
    """

    levels: int
    channels: int
    components: int

    @property
    def size(self) -> int:
        """Number of outputs for each pixel."""
        return self.components * (1 + 2 * self.channels + self.channels * (self.channels - 1) // 2)

    def log_prob(self, outputs: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Log-probability of pixels `x`, `[..., channels]`, `[...]`, in nats, given `outputs`, `[..., size]`."""
        logits, *_ = parts = self._parts(outputs)
        x = tf.unstack(x, axis=-1)
        masses = [self._log_mass(parts, x, channel) for channel in range(self.channels)]
        return tf.reduce_logsumexp(tf.nn.log_softmax(logits) + tf.add_n(masses), axis=-1)

    def quantile(self, outputs: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
        """Pixels, `[..., channels]`, whose channels are the quantiles at `u`, one after another."""
        parts, x = self._parts(outputs), []
        log_weights = tf.nn.log_softmax(parts[0])
        for channel in range(self.channels):
            below = self._below(parts, x, channel, tf.range(1, self.levels, dtype=outputs.dtype), log_weights)
            level = tf.reduce_sum(tf.cast(below < u[..., channel, None], outputs.dtype), axis=-1)
            x.append(level)
            log_weights += self._log_mass(parts, x, channel)
        return tf.stack(x, axis=-1)

    def cells(self, outputs: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The interval of `u` in which `quantile` gives the pixels `x`: its ends, `[..., channels]` each."""
        parts, x, ends = self._parts(outputs), tf.unstack(x, axis=-1), []
        log_weights = tf.nn.log_softmax(parts[0])
        for channel in range(self.channels):
            here = tf.stack([x[channel], x[channel] + 1], axis=-1)
            ends.append(self._below(parts, x, channel, here, log_weights))
            log_weights += self._log_mass(parts, x, channel)
        return tuple(tf.unstack(tf.stack(ends, axis=-2), axis=-1))

    def _below(self, parts, x, channel, levels, log_weights):
        """The probability of values below each of `levels`, `[..., number]`, given the channels before."""
        mean, scale = (one[..., None, :] for one in self._mean_and_scale(parts, x, channel))
        weights = tf.nn.softmax(log_weights)[..., None, :]
        levels = levels[..., None]
        below = tf.reduce_sum(weights * tf.sigmoid((levels - 0.5 - mean) / scale), axis=-1)
        below = tf.where(levels[..., 0] <= 0, tf.zeros_like(below), below)
        return tf.where(levels[..., 0] >= self.levels, tf.ones_like(below), below)

    def _log_mass(self, parts, x, channel):
        """Log-probability of a channel of `x` in each component, given the channels before, `[..., components]`."""
        mean, scale = self._mean_and_scale(parts, x, channel)
        # Not by indexing a stack of the channels: TensorFlow's graph optimizer would lose the new axis.
        return log_mass(tf.expand_dims(x[channel], -1), mean, scale, self.levels)

    def _mean_and_scale(self, parts, x, channel):
        _, means, log_scales, factors = parts
        mean = means[channel]
        for number, before in enumerate(x[:channel]):
            factor = factors[channel * (channel - 1) // 2 + number]
            mean += tf.tanh(factor) * (before / (self.levels - 1) - 0.5)[..., None]
        spread = (tf.range(self.components, dtype=mean.dtype) + 0.5) / self.components
        return (self.levels - 1) * (spread + mean), START * self.levels * tf.exp(soft_bound(log_scales[channel]))

    def _parts(self, outputs):
        """Logits, means, logarithms of scales, and factors of earlier channels: `[..., components]` each."""
        first, *others = tf.split(outputs, self.size // self.components, axis=-1)
        count = self.channels
        return first, others[:count], others[count : 2 * count], others[2 * count :]
