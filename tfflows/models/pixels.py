"""Autoregressive model of pixels: the exact probability of an image, one pixel after another."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.base import build
from tfflows.models.base import GenerativeModel
from tfflows.models.conditional import check_is_used
from tfflows.models.objective import check_importance_samples
from tfflows.networks import Network
from tfflows.pixel_mixture import PixelMixture

tfd = tfp.distributions


class PixelModel(GenerativeModel):
    """Images whose pixels have a distribution given the pixels above and to the left.

        log P(x) = sum_i log mixture(network(x)[i]).P(x[i])

    The probability is exact: there is neither noise nor a bound. An image is a function of standard normal latents, one
    for each entry, whose probabilities are quantiles: `x[i] = mixture(network(x)[i]).quantile(Phi(z[i]))`. Many latents
    give the same image. With networks in bfloat16, decoding a latent gives back most pixels of its image, but not all:
    encoding runs the network in one pass, decoding pixel after pixel, and the two round differently.

    Args:
        event: Images of integers.
        network: Unbuilt network with a `sweep`: `networks.PixelCNN`. The model makes its own copy.
        components: Number of components of the mixture of each pixel.

    Raises:
        InputError: `event` is not an image of integers, or has a condition that the network does not take.

    Source: Salimans et al., "PixelCNN++" (1701.05517).
    Differs from the paper: the latents.
    """

    is_bound = False
    takes_importance_samples = False

    def __init__(self, event: Event, network: Network, *, components: int, **kwargs: Any):
        super().__init__(event, **kwargs)
        check(event.discrete and len(event.shape) == 3, "Expected images of integers.", event=event.to_dict())
        self.mixture = PixelMixture(event.levels, event.shape[-1], components)
        self.network = network.sized(self.mixture.size)
        build(self.network, (None, *event.shape))
        check_is_used(event.condition_size, self.network)
        self.built = True

    @property
    def latent_shape(self):
        return self.event.shape

    @property
    def sample_cost(self) -> Cost:
        """The cost of a sample."""
        return Cost("sequential")

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        check_importance_samples(self, num_importance_samples)
        seeds = noise.row_seeds(x, seed) if training else None
        x = tf.cast(x, self.compute_dtype)
        outputs = self._outputs(x, condition, training=training, seeds=seeds)
        return tf.reduce_sum(self.mixture.log_prob(outputs, x), axis=[1, 2])

    def sample_fn(self, seeds, temperature, condition):
        z = noise.normal(seeds, self.latent_shape, tf.as_dtype(self.compute_dtype))
        return self.decode_fn(z * tf.reshape(tf.cast(temperature, z.dtype), [-1, 1, 1, 1]), condition)

    def encode_fn(self, x, condition, seed=None):
        real = tf.cast(x, self.compute_dtype)
        low, high = self.mixture.cells(tf.cast(self._outputs(real, condition), tf.float64), tf.cast(real, tf.float64))
        place = 0.5
        if seed is not None:
            place = noise.uniform(noise.row_seeds(x, seed), self.latent_shape, tf.float64)
        return tf.cast(_normal_quantile(low + place * (high - low)), self.compute_dtype)

    def decode_fn(self, z, condition):
        def pixel(outputs, z):
            u = tfd.Normal(tf.constant(0.0, tf.float64), 1.0).cdf(tf.cast(z, tf.float64))
            return self._scaled(tf.cast(self.mixture.quantile(tf.cast(outputs, tf.float64), u), z.dtype))

        scaled = self.network.sweep(z, condition, pixel)
        return tf.cast(tf.round((scaled + 1) * 0.5 * (self.event.levels - 1)), self.event.dtype)

    def _outputs(self, x, condition, **mode):
        return tf.cast(self.network(self._scaled(x), condition, **mode), self.compute_dtype)

    def _scaled(self, x):
        """Pixels between -1 and 1."""
        return x * (2 / (self.event.levels - 1)) - 1


def _normal_quantile(u: tf.Tensor) -> tf.Tensor:
    """The standard normal quantile of probabilities that may round to 0 or 1."""
    tiny = 1e-16
    return tf.math.ndtri(tf.clip_by_value(u, tiny, 1 - tiny))
