"""Coupling: some entries stay, and what they say decides how each of the others changes."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.base import Bijector, sum_event

tfb = tfp.bijectors


class Coupling(Bijector):
    """Keeps the entries where `keep` is True and maps the others by a scalar bijector made from the kept ones.

        scalar(x) = transform(where(keep, x, 0))          the same in both directions, as kept entries are equal
        forward:  x = where(keep, z, scalar(z).forward(z))
        inverse:  z = where(keep, x, scalar(x).inverse(x))
        log-det:  log |det dz/dx| = sum(where(keep, 0, log |d scalar.inverse / dx|))

    The Jacobian is triangular up to a permutation, whatever network `transform` runs.

    Args:
        keep: bool, of the event's shape; True = unchanged.
        transform: From the kept entries, `[batch, *event]` with zeros elsewhere, to a bijector of scalars.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), sections 3.2 to 3.4.
    Differs from the paper: the scalar bijector is free; with `Affine` it is the paper's.
    """

    def __init__(self, keep: np.ndarray, transform: Callable[[tf.Tensor], tfb.Bijector]):
        super().__init__(event_ndims=keep.ndim, name="coupling")
        self.keep = keep
        self.transform = transform

    def forward_and_log_det(self, z):
        scalar = self._scalar(z)
        return self._merge(z, scalar.forward(z), scalar.forward_log_det_jacobian(z, event_ndims=0))

    def inverse_and_log_det(self, x):
        scalar = self._scalar(x)
        return self._merge(x, scalar.inverse(x), scalar.inverse_log_det_jacobian(x, event_ndims=0))

    def _scalar(self, x):
        return self.transform(tf.where(self.keep, x, tf.zeros_like(x)))

    def _merge(self, x, changed, log_det):
        return tf.where(self.keep, x, changed), sum_event(tf.where(self.keep, 0.0, log_det), self.keep.ndim)
