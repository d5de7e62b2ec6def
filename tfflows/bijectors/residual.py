"""Residual map: an event plus a contraction of it. Its inverse is the limit of an iteration."""

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tfflows.bijectors.base import Bijector, sum_event

# From events `[batch, *event]` and what they are conditioned on to the contraction's values, `[batch, *event]`.
Contraction = Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]

TOLERANCES = {tf.float32: 1e-5, tf.float64: 1e-12}  # of the inverse, relative to the norm of the event or latent


@dataclasses.dataclass(frozen=True)
class RussianRoulette:
    """The noise of an unbiased estimate of the log-determinant: a random direction and a random number of terms.

    The first `exact` terms of the series have weight 1; the k-th term after them has weight 2^k if it is among the
    `more` terms that were drawn, which has probability 2^-k, and weight 0 otherwise.

    Args:
        probe: Noise of zero mean and identity covariance for each row, `[batch, *event]`.
        more: Number of further terms of each row, int32 `[batch]`, which is at least k with probability 2^-k.
        exact: Number of terms that are always computed.

    Source: Chen et al., "Residual Flows for Invertible Generative Modeling" (1906.02735), the section on unbiased
    log-density estimation.
    Differs from the paper: nothing. `iResBlock` of the authors' code also has a geometric distribution of parameter
    1/2, but it starts at 1, so that one more term is certain and the weights of the others are half as large.
    """

    probe: tf.Tensor
    more: tf.Tensor
    exact: int

    @property
    def terms(self) -> tf.Tensor:
        """The number of terms of the row that has the most."""
        return self.exact + tf.reduce_max(self.more)

    def weight(self, k: tf.Tensor) -> tf.Tensor:
        """The weight of the k-th term in each row, `[batch]`; its mean over the draws is 1."""
        beyond = k - self.exact
        drawn = tf.where(self.more >= beyond, 2.0 ** tf.cast(beyond, self.probe.dtype), tf.zeros([], self.probe.dtype))
        return tf.where(beyond <= 0, tf.ones_like(drawn), drawn)


class Residual(Bijector):
    """Adds a contraction g to each event, on the way from data to latent.

        inverse:  z = x + g(x), where g has a Lipschitz constant of at most `lipschitz` < 1
        forward:  x = z - g(x), by iteration; the derivatives are those of the implicit function
        log-det:  log |det dz/dx| = log det(I + J) = sum((-1)**(k + 1) / k * trace(J**k) for k in 1, 2, ...), J = dg/dx

    Without `draw` the log-det is exact, from the whole Jacobian: events must be vectors, and the cost is one
    derivative for each dimension and a QR decomposition. With `draw`, the log-det is an unbiased estimate, with a
    random direction e in place of the trace and a random number of terms; its gradient is an unbiased estimate, too:

        log det(I + J)    = E[sum((-1)**(k + 1) / k * w_k * e . J**k e)]
        d log det(I + J)  = E[n . dJ e],  n = sum((-1)**k * w_k * (J.T)**k e for k in 0, 1, ...)

    Args:
        contraction: g, a function of its arguments alone, whose row i depends on row i only.
        event_ndims: Rank of the event.
        lipschitz: Bound on the Lipschitz constant of g, in [0, 1).
        context: What g is conditioned on, `[batch, ...]`, or None.
        draw: Function from events to the noise of their estimates; None for the exact log-det.

    Source: Behrmann et al., "Invertible Residual Networks" (1811.00995); Chen et al., "Residual Flows for Invertible
    Generative Modeling" (1906.02735): the sections on the unbiased log-density and on the gradient as a Neumann series.
    Differs from the papers: the log-det may be exact; each row iterates separately; the inverse is differentiable.
    """

    def __init__(
        self,
        contraction: Contraction,
        *,
        event_ndims: int,
        lipschitz: float,
        context: tf.Tensor | None = None,
        draw: Callable[[tf.Tensor], RussianRoulette] | None = None,
    ):
        super().__init__(event_ndims=event_ndims, name="residual")
        self.contraction = contraction
        self.event_ndims = event_ndims
        self.lipschitz = lipschitz
        self.context = context
        self.draw = draw

    def inverse_and_log_det(self, x):
        g, log_det = self._exact(x) if self.draw is None else self._estimated(x)
        return x + g, log_det

    def forward_and_log_det(self, z):
        x = fixed_point(lambda x: self.contraction(x, self.context), z, self.lipschitz, self.event_ndims)
        return x, -self.inverse_and_log_det(x)[1]

    def _exact(self, x):
        g, jacobian = value_and_jacobian(self.contraction, x, self.context)
        return g, log_det_of(jacobian)

    def _estimated(self, x):
        roulette = self.draw(x)
        probe = roulette.probe
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            g = self.contraction(x, self.context)

        def step(k, power, total, neumann):
            power = tape.gradient(g, x, power)  # (J.T)**k e
            signed = roulette.weight(k) * tf.cast(2 * (k % 2) - 1, x.dtype)
            total += signed / tf.cast(k, x.dtype) * sum_event(power * probe, self.event_ndims)
            return k + 1, power, total, neumann - _of_rows(signed, x) * power

        start = (tf.constant(1), probe, tf.zeros_like(x[(slice(None), *[0] * self.event_ndims)]), probe)
        _, _, total, neumann = tf.while_loop(lambda k, *_: k <= roulette.terms, step, start)
        total, neumann = tf.stop_gradient(total), tf.stop_gradient(neumann)
        slope = sum_event(tape.gradient(g, x, neumann) * probe, self.event_ndims)  # n . J e
        return g, total + slope - tf.stop_gradient(slope)


def value_and_jacobian(
    contraction: Contraction, x: tf.Tensor, context: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """`g(x)` and `dg/dx`, `[batch, size, size]`, of vectors, from one batch that repeats each row for each entry."""
    size = x.shape[-1]
    rows, context = (None if part is None else tf.repeat(part, size, axis=0) for part in (x, context))
    units = tf.tile(tf.eye(size, dtype=x.dtype), [tf.shape(x)[0], 1])
    with tf.GradientTape() as tape:
        tape.watch(rows)
        g = contraction(rows, context)
    return g[::size], tf.reshape(tape.gradient(g, rows, units), [-1, size, size])


def log_det_of(jacobian: tf.Tensor) -> tf.Tensor:
    """`log |det(I + J)|` of matrices `[batch, size, size]`; from a QR decomposition, which XLA can compile."""
    upper = tf.linalg.qr(tf.eye(jacobian.shape[-1], dtype=jacobian.dtype) + jacobian)[1]
    return tf.reduce_sum(tf.math.log(tf.abs(tf.linalg.diag_part(upper))), axis=-1)


def fixed_point(g: Callable[[tf.Tensor], tf.Tensor], z: tf.Tensor, lipschitz: float, event_ndims: int) -> tf.Tensor:
    """The `x` with `x + g(x) = z`, and the derivatives of this implicit function of `z` and of all that `g` depends on.

        dx = (I + J)**-1 (dz - dg);  the vector-Jacobian product w = u - J.T w takes the same iteration

    Args:
        g: Contraction `[batch, *event] -> [batch, *event]`.
        z: Latents, `[batch, *event]`.
        lipschitz: Bound on the Lipschitz constant of `g`, in [0, 1).
        event_ndims: Rank of the event.
    """
    x = tf.stop_gradient(iterate(lambda x: z - g(x), z, lipschitz, event_ndims))

    @tf.custom_gradient
    def solved(y):
        def gradient(upstream):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                value = g(x)
            return iterate(lambda w: upstream - tape.gradient(value, x, w), upstream, lipschitz, event_ndims)

        return y, gradient

    return solved(z - g(x))


def iterate(
    update: Callable[[tf.Tensor], tf.Tensor], start: tf.Tensor, lipschitz: float, event_ndims: int
) -> tf.Tensor:
    """The limit of `x <- update(x)`, where `update` is a contraction, separately for each row.

    After a step of length s, the limit is at most `s * lipschitz / (1 - lipschitz)` away. A row is done when that is
    within the tolerance, relative to the larger of the norms of `x` and `start`; it then waits for the others. Steps
    shrink by `lipschitz` at least, which limits their number.
    """
    tolerance = TOLERANCES[start.dtype] * (1 - lipschitz) / max(lipschitz, 1e-6)
    most = max(1, math.ceil(math.log(tolerance) / math.log(max(lipschitz, 1e-6))))
    axes = list(range(1, 1 + event_ndims))
    start = tf.stop_gradient(start)

    def step(x, moving):
        new = tf.where(_of_rows(moving, x), update(x), x)
        length, size = _norm(new - x, axes), _norm(new, axes)
        moving &= length > tolerance * tf.maximum(size, _norm(start, axes))
        return new, moving

    moving = tf.ones(tf.shape(start)[:1], tf.bool)
    return tf.while_loop(lambda _, moving: tf.reduce_any(moving), step, (start, moving), maximum_iterations=most)[0]


def _norm(x, axes):
    return tf.sqrt(tf.reduce_sum(x**2, axis=axes))


def _of_rows(values, x):
    """`[batch]` as `[batch, 1, ...]`, of the rank of `x`."""
    return tf.reshape(values, [-1, *[1] * (x.shape.rank - 1)])
