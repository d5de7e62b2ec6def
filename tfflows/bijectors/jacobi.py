"""Jacobi iteration: the sequential direction of an autoregressive flow by a few passes over all entries."""

import functools
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.base import sum_event

tfb = tfp.bijectors


def jacobi(
    transform: Callable[[tf.Tensor], tfb.Bijector],
    degrees: np.ndarray,
    *,
    blocks: int = 1,
    tolerance: float = 1e-6,
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """A function from `z` to `x` and the log-det of each entry, for `bijectors.Autoregressive`.

        repeat:  x = transform(x).forward(z),  until no entry of a row changes by more than tolerance * (1 + |x|)

    Each pass fixes at least one more position of the order, so that the result is exact after as many passes as there
    are positions, where the iteration ends at the latest. With several blocks of positions, one is iterated after
    another. A row that has converged does not change any more: it does not depend on the other rows.

    Args:
        transform: As in `bijectors.Autoregressive`.
        degrees: As there.
        blocks: Number of blocks.
        tolerance: Largest relative change of an entry that ends the iteration of its row.

    Source: Song et al., "Accelerating Feedforward Computation via Parallel Nonlinear Equation Solving" (2002.03629),
    the nonlinear Jacobi and Jacobi-Gauss-Seidel methods.
    Differs from the paper: rows converge one by one.
    """
    degrees = np.asarray(degrees, np.int32)
    ends = np.linspace(0, degrees.max(), min(blocks, degrees.max()) + 1).astype(int)

    def solve(z):
        found = tf.zeros_like(z), tf.zeros_like(z)
        for start, end in pairwise(ends):
            here = (start < degrees) & (degrees <= end)
            found = _iterated(functools.partial(_step, transform, z, here, tolerance), found, int(end - start))
        return found

    return solve


def _iterated(step: Callable, found: tuple[tf.Tensor, tf.Tensor], most: int) -> tuple[tf.Tensor, tf.Tensor]:
    """`step` until no row moves, at most `most` times."""
    shapes = [part.shape for part in found]
    moving = tf.ones(tf.shape(found[0])[:1], bool)

    def body(moving, *found):
        moving, *found = step(moving, *found)
        return moving, *[tf.ensure_shape(part, shape) for part, shape in zip(found, shapes, strict=True)]

    # A static bound on the number of passes: XLA cannot differentiate any other loop.
    state = tf.while_loop(lambda moving, *_: tf.reduce_any(moving), body, (moving, *found), maximum_iterations=most)
    return state[1:]


def _step(transform, z, here, tolerance, moving, x, log_dets):
    scalar = transform(x)
    now = here & tf.reshape(moving, [-1, *[1] * here.ndim])
    new = tf.where(now, scalar.forward(z), x)
    log_dets = tf.where(now, scalar.forward_log_det_jacobian(z, event_ndims=0), log_dets)
    # Negated, as an entry that is not a number yet still moves.
    settled = tf.abs(new - x) <= tolerance * (1 + tf.abs(new))
    still = sum_event(tf.cast(~settled, tf.int32), here.ndim) > 0
    return moving & still, new, log_dets
