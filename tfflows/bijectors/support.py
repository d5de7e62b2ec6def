"""From columns with ends, each on its own scale, to the real line."""

import numpy as np
import tensorflow as tf

from tfflows.bijectors.base import Bijector


class Support(Bijector):
    """Maps the interval between `low` and `high` onto the real line, then subtracts `shift` and divides by `scale`.

        inverse:  z = (y - shift) / scale, where y is, by the ends that are finite,
                  x,  log(x - low),  -log(high - x),  or log((x - low) / (high - x))
        forward:  x = y,  low + exp(y),  high - exp(-y),  or low + (high - low) * sigmoid(y);  y = z * scale + shift
        log-det:  log |dz/dx| = log |dy/dx| - log(scale)

    The input of `inverse` lies between the ends.

    Args:
        low: Lower end of each entry, -inf for none, float64 `[size]`.
        high: Upper end of each entry, inf for none.
        shift: Location of each entry on the real line.
        scale: Scale of each entry on the real line, positive.
    """

    def __init__(self, low: np.ndarray, high: np.ndarray, shift: np.ndarray, scale: np.ndarray):
        super().__init__(event_ndims=0, name="support")
        self.has_low, self.has_high = np.isfinite(low), np.isfinite(high)
        self.low, self.high = np.where(self.has_low, low, 0.0), np.where(self.has_high, high, 0.0)
        self.shift, self.scale = shift, scale

    def inverse_and_log_det(self, x):
        log_low, log_high = self._log(x - self.low, self.has_low), self._log(self.high - x, self.has_high)
        log_length = np.log(np.where(self.has_low & self.has_high, self.high - self.low, 1.0))
        y = tf.where(self.has_low | self.has_high, log_low - log_high, x)
        return (y - self.shift) / self.scale, log_length - log_low - log_high - np.log(self.scale)

    def forward_and_log_det(self, z):
        y = z * self.scale + self.shift
        length = self.high - self.low
        from_low = self.low + self._exp(y, self.has_low & ~self.has_high)
        from_high = self.high - self._exp(-y, self.has_high & ~self.has_low)
        half_open = tf.where(self.has_low, from_low, from_high)
        closed = self.low + length * tf.sigmoid(y)
        x = tf.where(self.has_low & self.has_high, closed, tf.where(self.has_low | self.has_high, half_open, y))
        log_slope = tf.where(self.has_low, y, -y)
        log_both = np.log(np.where(length > 0, length, 1.0)) + tf.math.log_sigmoid(y) + tf.math.log_sigmoid(-y)
        log_slope = tf.where(self.has_low & self.has_high, log_both, log_slope)
        log_slope = tf.where(self.has_low | self.has_high, log_slope, tf.zeros_like(y))
        return x, log_slope + np.log(self.scale)

    @staticmethod
    def _log(distance, selected):
        """log(distance) where it is `selected` and 0 elsewhere, with finite gradients everywhere."""
        return tf.math.log(tf.where(selected, distance, tf.ones_like(distance)))

    @staticmethod
    def _exp(y, selected):
        """exp(y) where it is `selected` and 1 elsewhere, with finite gradients everywhere."""
        return tf.exp(tf.where(selected, y, tf.zeros_like(y)))
