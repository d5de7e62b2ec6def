"""Autoregressive map: how each entry changes depends on the entries before it."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.base import Bijector, sum_event

tfb = tfp.bijectors

UNROLLED = 8  # passes that are unrolled: a loop takes several times longer in training, but its graph does not grow


class Autoregressive(Bijector):
    """Maps each entry by a scalar bijector that depends on the entries before it.

        inverse:  z = transform(x).inverse(x)                                   one pass
        forward:  x = 0;  for d in 1..D: x[d] = transform(x)[d].forward(z[d])   a pass for each position in the order
        log-det:  log |det dz/dx| = sum(log |d transform(x).inverse / dx|)

    In the forward direction an entry stays 0 until its turn: what the network computes from unfinished entries is never
    used, and cannot overflow. A network that can compute one entry after another, without a pass for each, does so in
    `entry_by_entry`.

    Args:
        transform: Function from `[batch, *event]` to a bijector of scalars; that of an entry depends only on the
            entries of lower degree.
        degrees: Integers `[*event]`: the position of each entry in the order, 1 to the number of positions. The event
            may be a vector, a map `[height, width, channels]`, or of any other rank.
        entry_by_entry: Function from `z` to `x` and the log-det of each entry, in the forward direction; None for the
            loop above, which is the reference.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 3;
    Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), section 3.
    Differs from the papers: the scalar bijector is arbitrary; with `Affine` it is theirs.
    """

    def __init__(
        self,
        transform: Callable[[tf.Tensor], tfb.Bijector],
        degrees: np.ndarray,
        entry_by_entry: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]] | None = None,
    ):
        super().__init__(event_ndims=np.ndim(degrees), name="autoregressive")
        self.transform = transform
        self.degrees = np.asarray(degrees, np.int32)
        self.entry_by_entry = entry_by_entry or self._pass_by_pass

    def inverse_and_log_det(self, x):
        scalar = self.transform(x)
        return scalar.inverse(x), sum_event(scalar.inverse_log_det_jacobian(x, event_ndims=0), self.degrees.ndim)

    def forward_and_log_det(self, z):
        x, log_dets = self.entry_by_entry(z)
        return x, sum_event(log_dets, self.degrees.ndim)

    def _pass_by_pass(self, z):
        passes = int(self.degrees.max())

        def step(degree, x, log_dets):
            scalar, now = self.transform(x), tf.equal(self.degrees, degree)
            x = tf.where(now, scalar.forward(z), x)
            log_dets = tf.where(now, scalar.forward_log_det_jacobian(z, event_ndims=0), log_dets)
            return degree + 1, tf.ensure_shape(x, z.shape), tf.ensure_shape(log_dets, z.shape)

        state = 1, tf.zeros_like(z), tf.zeros_like(z)
        if passes <= UNROLLED:
            for _ in range(passes):
                state = step(*state)
        else:
            # A static number of passes: XLA cannot differentiate any other loop.
            state = tf.while_loop(lambda degree, *_: degree <= passes, step, state, maximum_iterations=passes)
        return state[1:]
