"""From a bounded interval to the whole line: the logit that precedes flows of images."""

import math

import tensorflow as tf

from tfflows.bijectors.base import Bijector


class Logit(Bijector):
    """Maps data in [0, high] to the real line, keeping a distance of `alpha` from the ends.

        inverse:  p = alpha + (1 - 2 * alpha) * x / high;  z = log(p) - log(1 - p)
        forward:  p = sigmoid(z);  x = high * (p - alpha) / (1 - 2 * alpha)
        log-det:  log |dz/dx| = log((1 - 2 * alpha) / high) - log(p) - log(1 - p)

    Args:
        high: Upper end of the data, 256 for dequantized 8-bit pixels.
        alpha: Distance from the ends, as a fraction, in (0, 0.5). Latents beyond logit(alpha) map outside [0, high].

    Data so far outside [0, high] that p is not in (0, 1) have no latent; their log-det is -inf.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 4.1.
    Differs from the paper: its p = alpha + (1 - alpha) * x / 256 reaches 1 - alpha + alpha = 1 at x = 256, where the
    logit is infinite; here both ends keep their distance, as in the authors' code.
    """

    def __init__(self, *, high: float, alpha: float):
        super().__init__(event_ndims=0, name="logit")
        self.high = high
        self.alpha = alpha

    def forward_and_log_det(self, z):
        x = self.high * (tf.sigmoid(z) - self.alpha) / (1 - 2 * self.alpha)
        # log p + log(1 - p) from z, where p itself would round to 1
        return x, tf.math.log_sigmoid(z) + tf.math.log_sigmoid(-z) - self._log_slope

    def inverse_and_log_det(self, x):
        p = self.alpha + (1 - 2 * self.alpha) * x / self.high
        inside = (p > 0) & (p < 1)
        p = tf.where(inside, p, tf.constant(0.5, p.dtype))  # for finite latents and gradients
        log_p, log_q = tf.math.log(p), tf.math.log1p(-p)
        log_det = self._log_slope - log_p - log_q
        return log_p - log_q, tf.where(inside, log_det, tf.constant(-math.inf, p.dtype))

    @property
    def _log_slope(self) -> float:
        return math.log((1 - 2 * self.alpha) / self.high)
