"""Likelihoods: the distribution of an event, given the parameters that a decoder computes from a latent."""

import abc
import dataclasses
import math

import tensorflow as tf

from tfflows.bijectors.base import sum_event
from tfflows.bounds import soft_bound
from tfflows.events import Event
from tfflows.logistic import log_mass
from tfflows.serialization import ConfigurableValue


class Likelihood(ConfigurableValue, abc.ABC):
    """Independent entries, each with a distribution of `size` parameters.

    In all methods, `outputs` are those of a decoder, `[batch, *space, size * channels]`.
    """

    size = 1  # parameters of each entry

    def log_prob(self, outputs: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Log-likelihood of `x`, `[batch, *space, channels]`, in nats, `[batch]`."""
        return sum_event(self.entry_log_prob(outputs, x), x.shape.rank - 1)

    @abc.abstractmethod
    def entry_log_prob(self, outputs: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Log-likelihood of each entry of `x`, in nats."""

    @abc.abstractmethod
    def quantile(self, outputs: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
        """The quantiles of the entries at probabilities `u`: samples, if `u` is uniform."""

    def center(self, outputs: tf.Tensor) -> tf.Tensor:
        """The median of each entry, which is its mean and mode if its distribution is symmetric."""
        entries = outputs[..., : outputs.shape[-1] // self.size]
        return self.quantile(outputs, tf.fill(tf.shape(entries), tf.constant(0.5, outputs.dtype)))


@dataclasses.dataclass(frozen=True)
class Bernoulli(Likelihood):
    """Binary entries, 0 or 1.

    log P(x) = x * l - softplus(l)
    """

    size = 1

    def entry_log_prob(self, outputs, x):
        return x * outputs - tf.nn.softplus(outputs)

    def quantile(self, outputs, u):
        return tf.cast(u > tf.sigmoid(-outputs), outputs.dtype)


@dataclasses.dataclass(frozen=True)
class GaussianLikelihood(Likelihood):
    """Real entries.

        log p(x) = -((x - mean) / std)**2 / 2 - log(std) - log(2 pi) / 2

    The log of the standard deviation is `soft_bound(s)`.
    """

    size = 2

    def entry_log_prob(self, outputs, x):
        mean, log_std = self._parts(outputs)
        return -0.5 * ((x - mean) * tf.exp(-log_std)) ** 2 - log_std - 0.5 * math.log(2 * math.pi)

    def quantile(self, outputs, u):
        mean, log_std = self._parts(outputs)
        return mean + tf.exp(log_std) * tf.math.ndtri(u)

    def _parts(self, outputs):
        mean, log_std = tf.split(outputs, 2, axis=-1)
        return mean, soft_bound(log_std)


@dataclasses.dataclass(frozen=True)
class DiscretizedLogistic(Likelihood):
    """Entries 0..levels-1: the mass of a logistic distribution within 1/2 of `x`; the end values include the tails.

        log P(x) = log(sigmoid((x + 1/2 - mean) / scale) - sigmoid((x - 1/2 - mean) / scale))

    Args:
        levels: Number of values of an entry.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), appendix
    C.5.
    Differs from the paper: each entry has a scale of its own, not each channel; the cells are centered on the integers;
    the end values include the tails, so that the probabilities add up to 1.
    """

    levels: int

    size = 2
    START = 0.1  # scale of a new decoder, as a fraction of all levels

    def entry_log_prob(self, outputs, x):
        return log_mass(x, *self._parts(outputs), self.levels)

    def quantile(self, outputs, u):
        mean, scale = self._parts(outputs)
        x = mean + scale * (tf.math.log(u) - tf.math.log1p(-u))
        return tf.clip_by_value(tf.round(x), 0, self.levels - 1)

    def _parts(self, outputs):
        mean, log_scale = tf.split(outputs, 2, axis=-1)
        scale = self.START * self.levels * tf.exp(soft_bound(log_scale))
        return (self.levels - 1) * (0.5 + mean), scale


def likelihood(event: Event) -> Likelihood:
    """The likelihood of an event: Bernoulli for two levels, discretized logistic for more, Gaussian for reals."""
    if not event.discrete:
        return GaussianLikelihood()
    return Bernoulli() if event.levels == 2 else DiscretizedLogistic(event.levels)
