"""Elementwise affine layers: activation normalization, and scales that are learned, fixed or given by the context."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bounds import soft_bound
from tfflows.layers.base import FlowLayer, is_set

ROUNDING = 1e-6  # relative spread up to which a channel is constant: several times the rounding error of float32
BOUND = 3.0  # of the log-scales that a context gives


class ActNorm(FlowLayer):
    """Scales and shifts each channel, so that the first batch comes out with mean 0 and standard deviation 1.

    A channel that is constant in this batch comes out as 1, -1 or 0.

        inverse:  z = x * exp(log_scale) + shift
        forward:  x = (z - shift) * exp(-log_scale)
        log-det:  log |det dz/dx| = positions * sum(log_scale)

    `positions` is the height * width of an image, and 1 for a vector or with `per_pixel`.

    Args:
        per_pixel: Whether each entry of the event has its own scale and shift, instead of each channel.

    Until `initialize` is called, both weights are NaN, so that an uninitialized layer cannot be mistaken for a trained
    one, even after saving and loading; then they are ordinary weights, and are not set from data again.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.1 and table 1.
    Differs from the authors' code: the shift comes after the scale, as in the paper.
    """

    is_function_of_weights = True

    def __init__(self, *, per_pixel: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.per_pixel = per_pixel

    def build(self, input_shape):
        shape = input_shape[1:] if self.per_pixel else input_shape[-1:]
        unset = keras.initializers.Constant(float("nan"))
        self.shift = self.add_weight(shape=shape, initializer=unset, name="shift")
        self.log_scale = self.add_weight(shape=shape, initializer=unset, name="log_scale")

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Affine(tf.convert_to_tensor(self.shift), tf.convert_to_tensor(self.log_scale))

    @property
    def initialized(self):
        return is_set(self.log_scale)

    def initialize(self, x, context=None):
        if self.initialized:
            return
        mean, scale = moments(np.asarray(x), axis=0 if self.per_pixel else tuple(range(x.shape.rank - 1)))
        self.log_scale.assign(-np.log(scale))
        self.shift.assign(-mean / scale)


def moments(x: np.ndarray, axis: int | tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation, float64, whose squares neither overflow nor vanish at any scale of float32.

    A channel that is constant up to rounding gets mean 0 and, as standard deviation, its magnitude, or 1 if that is 0:
    subtracting its mean would leave only rounding errors, which the next layer would treat as data.
    """
    x = x.astype(np.float64)
    std, magnitude = x.std(axis), np.abs(x).max(axis)
    varies = std > ROUNDING * magnitude
    std = np.where(varies, std, magnitude)
    return np.where(varies, x.mean(axis), 0.0), np.where(std > 0, std, 1.0)


class Scale(FlowLayer):
    """Multiplies each entry of the last axis by a learned positive number.

        inverse:  z = x * exp(log_scale)
        forward:  x = z * exp(-log_scale)
        log-det:  log |det dz/dx| = sum(log_scale), for each position on the other axes

    Source: Dinh et al., "NICE" (1410.8516), section 3.3.
    Differs from the paper: nothing.
    """

    def build(self, input_shape):
        self.log_scale = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="log_scale")

    def bijector(self, context=None, *, training=False, seeds=None):
        log_scale = tf.convert_to_tensor(self.log_scale)
        return bijectors.Affine(tf.zeros_like(log_scale), log_scale)


class Rescale(FlowLayer):
    """Maps data in [0, high] to [shift, 1 + shift]; the log-det accounts for it, so that densities stay in raw units.

        inverse:  z = x / high + shift
        forward:  x = (z - shift) * high
        log-det:  log |det dz/dx| = -size * log(high)

    Args:
        high: Upper end of the data, 256 for dequantized 8-bit pixels.
        shift: Where 0 is mapped to; -0.5 centers the data.
    """

    def __init__(self, *, high: float, shift: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.shift = shift
        self.log_scale = -math.log(high)

    def bijector(self, context=None, *, training=False, seeds=None):
        shift, log_scale = (tf.constant(number, self.compute_dtype) for number in (self.shift, self.log_scale))
        return bijectors.Affine(shift, log_scale)


class ContextAffine(FlowLayer):
    """Scales and shifts each entry by the context, a feature map with twice the channels of the event.

        a, b = context
        s = 3 * tanh(a / 3)
        inverse:  z = x * exp(s) + b
        forward:  x = (z - b) * exp(-s)
        log-det:  log |det dz/dx| = sum(s)

    The bound keeps the scale between 1/20 and 20.
    """

    def bijector(self, context=None, *, training=False, seeds=None):
        log_scale, shift = tf.split(context, 2, axis=-1)
        return bijectors.Affine(shift, soft_bound(log_scale, BOUND))
