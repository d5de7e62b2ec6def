"""Coupling layers: the affine one of RealNVP with its learned bound, and that of any family of scalar bijectors."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors.elementwise import Elementwise
from tfflows.layers.base import FlowLayer


class AffineCoupling(FlowLayer):
    """A network of the kept entries scales and shifts the others.

        log_scale, shift = network(where(keep, x, 0));  s = bound * tanh(log_scale)
        inverse:  z = where(keep, x, x * exp(s) + shift)
        forward:  x = where(keep, z, (z - shift) * exp(-s))
        log-det:  log |det dz/dx| = sum(where(keep, 0, s))

    `bound` is learned, one number for each channel: the scale stays within exp(-|bound|) and exp(|bound|).

    Args:
        keep: From the event's shape to its `keep` mask: `masks.checkerboard`, `masks.halves` or `masks.alternating`.
        flip: Keep the other entries.
        bound: Where the learned bound of the log-scale starts.
        network: From a number of outputs to a Keras layer `(x, context) -> [..., outputs]`.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 3.4; tanh and learned scale: section
    4.1.
    Differs from the paper: nothing.
    """

    def __init__(
        self,
        keep: Callable[..., np.ndarray],
        *,
        flip: bool,
        network: Callable[[int], keras.layers.Layer],
        bound: float = 1.0,
    ):
        super().__init__()
        self.make_keep = keep
        self.flip = flip
        self.make_network = network
        self.initial_bound = bound

    def build(self, input_shape):
        self.keep = self.make_keep(tuple(input_shape[1:]), flip=self.flip)
        channels = input_shape[-1]
        self.network = self.make_network(2 * channels)
        self.network.build(input_shape)
        initial = keras.initializers.Constant(self.initial_bound)
        self.bound = self.add_weight(shape=(channels,), initializer=initial, name="bound")

    def bijector(self, context=None, seeds=None):
        return bijectors.Coupling(self.keep, lambda kept: self._affine(kept, context, seeds))

    def _affine(self, kept, context=None, seeds=None):
        outputs = tf.cast(self.network(kept, context, seeds), self.compute_dtype)
        log_scale, shift = tf.split(outputs, 2, axis=-1)
        return bijectors.Affine(shift, self.bound * tf.tanh(log_scale))


class Coupling(FlowLayer):
    """A network of the kept channels gives the parameters of a scalar bijector for each of the other entries.

        parameters = network(x[..., keep])
        inverse:  z[..., ~keep] = family(parameters).inverse(x[..., ~keep]),  the kept entries stay

    Args:
        keep: From a shape to its `keep` mask, constant over space: `masks.halves` or `masks.alternating`.
        flip: Keep the other channels.
        network: From a number of outputs to a Keras layer `(kept, context, seeds) -> [batch, ..., outputs]`.
        family: Of scalar bijectors, such as `Additive()` or `RationalQuadratic(bins=8)`.

    Source: Dinh et al., "NICE" (1410.8516), section 3.2.
    Differs from the paper: nothing.
    """

    def __init__(
        self,
        keep: Callable[..., np.ndarray],
        *,
        flip: bool,
        network: Callable[[int], keras.layers.Layer],
        family: Elementwise,
    ):
        super().__init__()
        self.make_keep = keep
        self.flip = flip
        self.make_network = network
        self.family = family
        self.forward_cost = family.forward_cost

    def build(self, input_shape):
        channels = input_shape[-1]
        self.keep = self.make_keep((channels,), flip=self.flip)
        self.num_changed = int(channels - self.keep.sum())
        self.event_ndims = len(input_shape) - 1
        self.network = self.make_network(self.family.size * self.num_changed)
        self.network.build((*input_shape[:-1], int(self.keep.sum())))

    def bijector(self, context=None, seeds=None):
        def transform(kept):
            outputs = tf.cast(self.network(kept, context, seeds), self.compute_dtype)
            shape = tf.concat([tf.shape(outputs)[:-1], [self.family.size, self.num_changed]], axis=0)
            return self.family(tf.reshape(outputs, shape))

        return bijectors.SplitCoupling(self.keep, transform, event_ndims=self.event_ndims)
