"""Scaling of each entry, learned or fixed."""

import math
from typing import Any

import tensorflow as tf

from tfflows import bijectors
from tfflows.layers.base import FlowLayer


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
    """Maps data in [0, high] to [shift, 1 + shift]; the log-det counts it, so that densities stay in raw units.

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
