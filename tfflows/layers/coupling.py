"""Coupling layers: the affine one of RealNVP with its learned bound, and one with any scalar transformer."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors import ScalarTransformer, masks
from tfflows.errors import check, check_choice
from tfflows.layers.base import FlowLayer
from tfflows.networks import MLP, Network


class AffineCoupling(FlowLayer):
    """A network scales and shifts some entries, given the others, which are kept.

        log_scale, shift = network(where(keep, x, 0));  s = bound * tanh(log_scale)      images
        log_scale, shift = network(x[keep])                                              vectors
        inverse:  z = where(keep, x, x * exp(s) + shift)
        forward:  x = where(keep, z, (z - shift) * exp(-s))
        log-det:  log |det dz/dx| = sum(where(keep, 0, s))

    `bound` is learned, one number for each channel: the scale stays between exp(-|bound|) and exp(|bound|). The network
    of a vector reads only what is kept, and predicts only for what is changed.

    Args:
        mask: Which entries are kept: `"checkerboard"`, `"halves"`, `"alternating"` or `"quarters"`.
        conditioner: Unbuilt network; the layer makes its own copy.
        flip: Whether the other entries are kept instead.
        bound: Initial value of the learned bound on the log-scale.

    Raises:
        InputError: `mask` is none of these, or `bound` is not positive.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 3.4; tanh and learned scale: section
    4.1.
    Differs from the authors' code: each channel has a bound, where theirs is one number for a coupling.
    """

    is_function_of_weights = True

    def __init__(self, mask: str, *, conditioner: Network, flip: bool = False, bound: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_choice("mask", mask, masks.MASKS)
        check(bound > 0, "Expected `bound` to be positive: from 0 it would never change.", bound=bound)
        self.mask = mask
        self.flip = flip
        self.initial_bound = bound
        self._conditioner = lambda: conditioner  # a template, whose state is not part of this layer

    def build(self, input_shape):
        self.keep = masks.MASKS[self.mask](tuple(input_shape[1:]), flip=self.flip)
        self.is_vector = self.keep.ndim == 1
        kept = channels = input_shape[-1]
        if self.is_vector:
            kept = int(self.keep.sum())
            channels -= kept
        self.network = self._conditioner().sized(2 * channels)
        self.network.build((*input_shape[:-1], kept))
        initial = keras.initializers.Constant(self.initial_bound)
        self.bound = self.add_weight(shape=(channels,), initializer=initial, name="bound")

    def bijector(self, context=None, *, training=False, seeds=None):
        def transform(kept):
            return self._affine(kept, context, training, seeds)

        if self.is_vector:
            return bijectors.Coupling(self.keep, transform, event_ndims=1)
        return bijectors.MaskedCoupling(self.keep, transform)

    def parts(self) -> dict[str, tuple[tuple[int, ...], tuple[np.ndarray, ...]]]:
        """Maps the path of each weight to its shape in exports of earlier versions, whose networks read and predicted
        all entries, and to the indices of the rows and columns that are still used.
        """
        if not self.is_vector or not isinstance(self.network, MLP):
            return {}
        entries, kept, changed = len(self.keep), np.flatnonzero(self.keep), np.flatnonzero(~self.keep)
        first, last, context = self.network.dense[0], self.network.dense[-1], self.network.context_size
        reads, units = np.concatenate([kept, entries + np.arange(context)]), np.arange(first.units)
        predicts, features = np.concatenate([changed, entries + changed]), np.arange(last.kernel.shape[0])
        return {
            first.kernel.path: ((entries + context, first.units), (reads, units)),
            last.kernel.path: ((len(features), 2 * entries), (features, predicts)),
            last.bias.path: ((2 * entries,), (predicts,)),
            self.bound.path: ((entries,), (changed,)),
        }

    def _affine(self, kept, context, training, seeds):
        outputs = tf.cast(self.network(kept, context, training=training, seeds=seeds), self.compute_dtype)
        log_scale, shift = tf.split(outputs, 2, axis=-1)
        return bijectors.Affine(shift, self.bound * tf.tanh(log_scale))


class Coupling(FlowLayer):
    """A network gives the parameters of a scalar bijector for some channels, given the others, which are kept.

        parameters = network(x[..., keep])
        inverse:  z[..., ~keep] = transformer(parameters).inverse(x[..., ~keep]),  the kept entries stay

    Args:
        mask: Which channels are kept, the same everywhere in an image: `"halves"`, `"alternating"` or `"quarters"`,
            which keeps three quarters of them.
        conditioner: Unbuilt network; the layer makes its own copy.
        transformer: Scalar transformer, such as `Additive()` or `RationalQuadratic(bins=8)`.
        flip: Whether the other channels are kept instead.

    Raises:
        InputError: `mask` is not the name of a mask of channels.

    Source: Dinh et al., "NICE" (1410.8516), section 3.2.
    Differs from the paper: nothing.
    """

    is_function_of_weights = True

    def __init__(
        self, mask: str, *, conditioner: Network, transformer: ScalarTransformer, flip: bool = False, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_choice("mask", mask, masks.OF_CHANNELS)
        self.mask = mask
        self.flip = flip
        self.transformer = transformer
        self.forward_cost = transformer.forward_cost
        self._conditioner = lambda: conditioner  # a template, whose state is not part of this layer

    def build(self, input_shape):
        channels = input_shape[-1]
        self.keep = masks.MASKS[self.mask]((channels,), flip=self.flip)
        self.num_changed = int(channels - self.keep.sum())
        self.event_ndims = len(input_shape) - 1
        self.network = self._conditioner().sized(self.transformer.size * self.num_changed)
        self.network.build((*input_shape[:-1], int(self.keep.sum())))

    def bijector(self, context=None, *, training=False, seeds=None):
        def transform(kept):
            outputs = tf.cast(self.network(kept, context, training=training, seeds=seeds), self.compute_dtype)
            shape = tf.concat([tf.shape(outputs)[:-1], [self.transformer.size, self.num_changed]], axis=0)
            return self.transformer(tf.reshape(outputs, shape))

        return bijectors.Coupling(self.keep, transform, event_ndims=self.event_ndims)
