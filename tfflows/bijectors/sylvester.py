"""Sylvester flow: a residual map by a triangular network with a hidden unit for each orthonormal direction."""

import abc
import dataclasses
import math

import tensorflow as tf

from tfflows.bijectors.base import Bijector, sum_event
from tfflows.bijectors.root import increasing_root

MARGIN = 1e-3  # The least slope along a direction: an error of a root is never enlarged by more than 1 / MARGIN.


class Basis(abc.ABC):
    """Orthonormal directions, the columns of `Q`."""

    @abc.abstractmethod
    def coordinates(self, x: tf.Tensor) -> tf.Tensor:
        """`Q^T x`, `[batch, directions]`, of vectors `[batch, dimension]`."""

    @abc.abstractmethod
    def combination(self, y: tf.Tensor) -> tf.Tensor:
        """`Q y`, `[batch, dimension]`, of coordinates `[batch, directions]`."""


@dataclasses.dataclass(frozen=True)
class Columns(Basis):
    """The orthonormal columns `Q` of the decomposition `matrix = Q R`, in which the diagonal of `R` is positive.

    `Q^T Q` is the identity up to a few roundings for any matrix of full rank, and `Q` is a smooth function of it.

    Args:
        matrix: Matrices of full rank, `[batch or 1, dimension, directions]`, no wider than high.
    """

    matrix: tf.Tensor

    def __post_init__(self):
        q, r = tf.linalg.qr(self.matrix)
        # The signs that the decomposition leaves open: without this, Q would jump where a column changes side.
        sign = tf.where(tf.linalg.diag_part(r) < 0, -tf.ones([], r.dtype), tf.ones([], r.dtype))
        object.__setattr__(self, "q", q * sign[..., None, :])

    def coordinates(self, x):
        return tf.linalg.matvec(self.q, x, transpose_a=True)

    def combination(self, y):
        return tf.linalg.matvec(self.q, y)


@dataclasses.dataclass(frozen=True)
class Reflections(Basis):
    """A product of Householder reflections, `Q = H[0] H[1]...`, with `H[k] = I - 2 v v^T / |v|^2` and `v = normals[k]`.

    Args:
        normals: `[batch or 1, reflections, dimension]`, none of which is 0.
    """

    normals: tf.Tensor

    def coordinates(self, x):
        for normal in tf.unstack(self.normals, axis=-2):
            x = _reflected(x, normal)
        return x

    def combination(self, y):
        for normal in reversed(tf.unstack(self.normals, axis=-2)):
            y = _reflected(y, normal)
        return y


def _reflected(x, normal):
    unit = tf.math.l2_normalize(normal, axis=-1)
    return x - 2 * tf.reduce_sum(unit * x, axis=-1, keepdims=True) * unit


@dataclasses.dataclass(frozen=True)
class Entries(Basis):
    """The entries themselves, `Q = I`, or the permutation that reverses their order.

    Args:
        flip: Whether the order is reversed.
    """

    flip: bool = False

    def coordinates(self, x):
        return tf.reverse(x, [-1]) if self.flip else x

    def combination(self, y):
        return self.coordinates(y)


class Sylvester(Bijector):
    """Moves each point along orthonormal directions, by a network of one hidden layer with triangular matrices.

        h = tanh(R2 Q^T x + b)
        inverse:  z = x + Q R1 h
        log-det:  log |det dz/dx| = sum(log(1 + r1[i, i] * r2[i, i] * (1 - h[i]^2)))
        forward:  x = z - Q R1 h, where y = Q^T x solves y + R1 tanh(R2 y + b) = Q^T z

    The matrices are upper triangular, with diagonals `sqrt(1 - margin) * tanh(diagonal)`, so that the products of their
    diagonals are above `margin - 1`. So the system is solved from the last coordinate to the first, and each of them is
    the root of an increasing function, found to machine precision in `y`; its derivatives are those of the implicit
    function. A round trip in float32 is accurate to 1e-3 in the worst case, where a slope is the margin.

    Args:
        basis: The directions, the columns of `Q`.
        r1: Square matrices, `[batch or 1, directions, directions]`; what is below the diagonal has no effect.
        r2: As `r1`.
        b: Offsets of the hidden units, `[batch or 1, directions]`.

    Source: van den Berg et al., "Sylvester Normalizing Flows for Variational Inference" (1803.05649): the Sylvester
    flow, its log-determinant by Sylvester's identity, its condition of invertibility, and the three forms of `Q`; the
    authors' code, `models/flows.py` and `models/VAE.py`.
    Differs from the paper: the map goes from data to latent, as that of `Planar`, and the margin is added; the columns
    of `Q` come from a QR decomposition, which needs no number of steps, in place of an iteration that converges slowly
    for matrices close to singular; the inverse is ours.
    """

    def __init__(self, basis: Basis, r1: tf.Tensor, r2: tf.Tensor, b: tf.Tensor):
        super().__init__(event_ndims=1, name="sylvester")
        self.basis = basis
        self.r1, self.r2 = _constrained(r1), _constrained(r2)
        self.diagonals = tf.linalg.diag_part(self.r1), tf.linalg.diag_part(self.r2)
        self.b = b

    def inverse_and_log_det(self, x):
        h = self._hidden(self.basis.coordinates(x))
        return x + self.basis.combination(tf.linalg.matvec(self.r1, h)), self._log_det(h)

    def forward_and_log_det(self, z):
        h = self._hidden(self._solved(self.basis.coordinates(z)))
        return z - self.basis.combination(tf.linalg.matvec(self.r1, h)), -self._log_det(h)

    def _hidden(self, y):
        return tf.tanh(tf.linalg.matvec(self.r2, y) + self.b)

    def _log_det(self, h):
        return sum_event(tf.math.log1p(self.diagonals[0] * self.diagonals[1] * (1 - h**2)), 1)

    def _solved(self, goal):
        """The `y` with `y + R1 tanh(R2 y + b) = goal`, from the last coordinate to the first."""
        size = goal.shape[-1]

        def step(number, y, h):
            place = size - 1 - number
            # Coordinates that are not known yet are 0, and so is what the matrices have below their diagonals.
            rest = goal[:, place] - tf.reduce_sum(self.r1[:, place] * h, axis=-1)
            offset = self.b[:, place] + tf.reduce_sum(self.r2[:, place] * y, axis=-1)
            r1, r2 = (diagonal[:, place] for diagonal in self.diagonals)

            def along(a):
                unit = tf.tanh(r2 * a + offset)
                return a + r1 * unit, tf.math.log1p(r1 * r2 * (1 - unit**2))

            root, now = increasing_root(along, rest), tf.range(size) == place
            unit = tf.tanh(r2 * root + offset)
            y, h = tf.where(now, root[:, None], y), tf.where(now, unit[:, None], h)
            return number + 1, tf.ensure_shape(y, goal.shape), tf.ensure_shape(h, goal.shape)

        # A static number of steps: XLA cannot differentiate any other loop.
        state = 0, tf.zeros_like(goal), tf.zeros_like(goal)
        return tf.while_loop(lambda number, *_: number < size, step, state, maximum_iterations=size)[1]


def _constrained(matrix):
    """The upper triangle, with its diagonal between `-sqrt(1 - MARGIN)` and `sqrt(1 - MARGIN)`."""
    diagonal = math.sqrt(1 - MARGIN) * tf.tanh(tf.linalg.diag_part(matrix))
    return tf.linalg.set_diag(tf.linalg.band_part(matrix, 0, -1), diagonal)
