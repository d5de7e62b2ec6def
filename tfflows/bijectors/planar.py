"""Planar flow: moves every point along one direction, by an amount that depends on its distance from a plane."""

import tensorflow as tf

from tfflows.bijectors.base import Bijector
from tfflows.bijectors.root import increasing_root

MARGIN = 1e-3  # The least slope along w: an error of the root is never enlarged by more than 1 / MARGIN.


class Planar(Bijector):
    """The residual map of one hidden unit, from data to latent.

        s = margin - 1 + softplus(w . u);  v = u + (s - w . u) * w / |w|^2          so that w . v = s > -1
        inverse:  z = x + v * tanh(w . x + b)
        log-det:  log |dz/dx| = log(1 + s * (1 - tanh(w . x + b)^2))
        forward:  x = z - v * tanh(a + b), where a = w . x is the root of a + s * tanh(a + b) = w . z

    The root is found to machine precision; a round trip in float32 is accurate to 1e-3 in the worst case, where the
    slope is the margin.

    Args:
        u: Direction, `[batch or 1, dimension]`.
        w: Normal of the plane, `[batch or 1, dimension]`.
        b: Offset of the plane, `[batch or 1, 1]`.

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1 and appendix
    A.1.
    Differs from the paper: there the map goes from latent to data, here from data to latent, so that a density is the
    direction with a closed form (`layers.Inverse` swaps the directions); the margin is added.
    """

    def __init__(self, u: tf.Tensor, w: tf.Tensor, b: tf.Tensor):
        super().__init__(event_ndims=1, name="planar")
        dot = _dot(w, u)
        self.s = MARGIN - 1 + tf.math.softplus(dot)
        self.v = u + (self.s - dot) * w / tf.maximum(_dot(w, w), 1e-12)
        self.w = w
        self.b = b

    def inverse_and_log_det(self, x):
        a = _dot(self.w, x)
        return x + self.v * tf.tanh(a + self.b), self._along(a)[1][:, 0]

    def forward_and_log_det(self, z):
        a = increasing_root(self._along, _dot(self.w, z))
        return z - self.v * tf.tanh(a + self.b), -self._along(a)[1][:, 0]

    def _along(self, a):
        """`w . z` as a function of `a = w . x`, and the logarithm of its slope, which is also the log-determinant."""
        unit = tf.tanh(a + self.b)
        return a + self.s * unit, tf.math.log1p(self.s * (1 - unit**2))


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=-1, keepdims=True)
