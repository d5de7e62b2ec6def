"""Radial flow: stretches or shrinks space around one point."""

import tensorflow as tf

from tfflows.bijectors.base import Bijector


class Radial(Bijector):
    """Moves each point along the ray from a center, from data to latent.

        alpha = softplus(a) + 0.001;  beta = softplus(b) + 0.001 - alpha;  r = |x - center|;  h = 1 / (alpha + r)
        inverse:  z = x + beta * h * (x - center)
        log-det:  log |dz/dx| = (dimension - 1) * log(1 + beta * h) + log(1 + beta * alpha * h^2)
        forward:  x = center + (z - center) * r / R, where R = |z - center| and r >= 0 is the root of
                  r + beta * r / (alpha + r) = R, that is of r^2 + (alpha + beta - R) * r - alpha * R = 0

    The root has a closed form, so both directions are exact up to rounding.

    Args:
        center: Center, `[batch or 1, dimension]`.
        a: Size of the region, before the softplus, `[batch or 1, 1]`.
        b: Strength, before the constraint beta > -alpha, `[batch or 1, 1]`; if it equals `a`, the map is the identity.

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1 and appendix
    A.2.
    Differs from the paper: there the map goes from latent to data, here from data to latent, so that a density is the
    cheap direction (`layers.Inverse` swaps the directions).
    """

    def __init__(self, center: tf.Tensor, a: tf.Tensor, b: tf.Tensor):
        super().__init__(event_ndims=1, name="radial")
        self.center = center
        self.alpha = tf.math.softplus(a) + 1e-3
        self.strength = tf.math.softplus(b) + 1e-3  # alpha + beta
        self.beta = self.strength - self.alpha

    def inverse_and_log_det(self, x):
        offset = x - self.center
        r = _norm(offset)
        return x + offset * self.beta / (self.alpha + r), self._log_det(r, x.shape[-1])

    def forward_and_log_det(self, z):
        offset = z - self.center
        big = _norm(offset)
        gap = big - self.strength
        root = tf.sqrt(gap**2 + 4 * self.alpha * big)
        # The two forms of the root of a quadratic: each is used where its terms do not cancel.
        r = tf.where(gap > 0, (gap + root) / 2, 2 * self.alpha * big / (root + tf.abs(gap)))
        return z - offset * self.beta / (self.strength + r), -self._log_det(r, z.shape[-1])

    def _log_det(self, r, dimension):
        h = 1 / (self.alpha + r)
        along = tf.math.log1p(self.beta * self.alpha * h**2)
        return ((dimension - 1) * tf.math.log1p(self.beta * h) + along)[:, 0]


def _norm(offset):
    # A small floor: the norm itself has no gradient at the center.
    return tf.sqrt(tf.reduce_sum(offset**2, axis=-1, keepdims=True) + 1e-12)
