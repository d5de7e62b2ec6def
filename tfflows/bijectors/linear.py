"""Linear maps of the last axis: the channels of an image, as a 1 x 1 convolution, or the entries of a vector."""

import tensorflow as tf

from tfflows.bijectors.base import Bijector


class Linear(Bijector):
    """Multiplies the last axis by a matrix W.

        inverse:  z[..., i] = sum(W[i, j] * x[..., j] for j)
        forward:  x[..., i] = sum(V[i, j] * z[..., j] for j), V the inverse of W
        log-det:  log |det W|, for each position on the other axes

    A subclass computes W, its inverse and its log-determinant from weights.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.2 and table 1.
    """

    def __init__(self, *, name: str):
        super().__init__(event_ndims=1, name=name)

    def matrix(self) -> tf.Tensor:
        """W, `[channels, channels]`."""
        raise NotImplementedError

    def inverse_matrix(self) -> tf.Tensor:
        """The inverse of W, `[channels, channels]`."""
        raise NotImplementedError

    def log_abs_det(self) -> tf.Tensor:
        """Log |det W|, a scalar."""
        raise NotImplementedError

    def forward_and_log_det(self, z):
        return _times(self.inverse_matrix(), z), -self.log_abs_det() + tf.zeros_like(z[..., 0])

    def inverse_and_log_det(self, x):
        return _times(self.matrix(), x), self.log_abs_det() + tf.zeros_like(x[..., 0])


def _times(matrix, x):
    return tf.tensordot(x, matrix, axes=[[-1], [1]])


class PLU(Linear):
    """A matrix as a permutation of a product of triangular matrices, so that its determinant can be read off.

        W = P @ L @ (U + diag(s)),  s = sign * exp(log_scale)
        log |det W| = sum(log_scale)

    Args:
        order: P, as the index of the row that each row comes from, int `[channels]`: `(P @ A)[i] = A[order[i]]`.
        packed: `[channels, channels]`: L below the diagonal (that of L is ones), U above it, and `log_scale` on it.
        sign: Signs of the diagonal, -1 or 1, `[channels]`.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.2, "LU decomposition".
    Differs from the paper: nothing.
    """

    def __init__(self, order: tf.Tensor, packed: tf.Tensor, sign: tf.Tensor):
        super().__init__(name="plu")
        self.order = order
        self.log_scale = tf.linalg.diag_part(packed)
        self.lower = tf.linalg.set_diag(tf.linalg.band_part(packed, -1, 0), tf.ones_like(sign))
        self.upper = tf.linalg.set_diag(tf.linalg.band_part(packed, 0, -1), sign * tf.exp(self.log_scale))

    def matrix(self):
        return tf.gather(self.lower @ self.upper, self.order)

    def inverse_matrix(self):
        identity = tf.eye(self.lower.shape[0], dtype=self.lower.dtype)
        unpermuted = tf.gather(identity, tf.argsort(self.order))  # the inverse of P is its transpose
        return tf.linalg.triangular_solve(self.upper, tf.linalg.triangular_solve(self.lower, unpermuted), lower=False)

    def log_abs_det(self):
        return tf.reduce_sum(self.log_scale)


class Plain(Linear):
    """Any invertible matrix; its determinant costs as much as a decomposition.

    Args:
        weight: W, `[channels, channels]`.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.2.
    Differs from the paper: the determinant comes from a QR decomposition, which XLA can compile.
    """

    def __init__(self, weight: tf.Tensor):
        super().__init__(name="plain")
        self.weight = weight

    def matrix(self):
        return self.weight

    def inverse_matrix(self):
        return tf.linalg.inv(self.weight)

    def log_abs_det(self):
        return tf.reduce_sum(tf.math.log(tf.abs(tf.linalg.diag_part(tf.linalg.qr(self.weight)[1]))))


class Permutation(Bijector):
    """Moves the entries of the last axis: `z[..., i] = x[..., order[i]]`; the log-det is 0.

    Args:
        order: A permutation of 0..channels-1, int `[channels]`.
    """

    def __init__(self, order: tf.Tensor):
        super().__init__(event_ndims=1, name="permutation")
        self.order = order

    def forward_and_log_det(self, z):
        return tf.gather(z, tf.argsort(self.order), axis=-1), tf.zeros_like(z[..., 0])

    def inverse_and_log_det(self, x):
        return tf.gather(x, self.order, axis=-1), tf.zeros_like(x[..., 0])
