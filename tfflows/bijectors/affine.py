"""Elementwise affine map: what couplings, autoregressive flows and activation normalization apply to each entry."""

import tensorflow as tf

from tfflows.bijectors.base import Bijector


class Affine(Bijector):
    """Multiplies each entry by `exp(log_scale)` and adds `shift`, on the way from data to latent.

        forward:  x = (z - shift) * exp(-log_scale)
        inverse:  z = x * exp(log_scale) + shift
        log-det:  log |dz/dx| = log_scale

    Args:
        shift: Shift, which broadcasts against the event.
        log_scale: Log of the scale, which broadcasts against the event.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), sections 3.2 and 3.3.
    Differs from the paper: nothing.
    """

    def __init__(self, shift: tf.Tensor, log_scale: tf.Tensor):
        super().__init__(event_ndims=0, name="affine")
        self.shift = shift
        self.log_scale = log_scale

    def forward_and_log_det(self, z):
        return (z - self.shift) * tf.exp(-self.log_scale), -self.log_scale

    def inverse_and_log_det(self, x):
        return x * tf.exp(self.log_scale) + self.shift, self.log_scale
