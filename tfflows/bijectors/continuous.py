"""Continuous flow: points follow a velocity field, and volumes change by its divergence."""

from collections.abc import Callable

import tensorflow as tf

from tfflows.bijectors.adjoint import integrate
from tfflows.bijectors.base import Bijector
from tfflows.bijectors.ode import Interval


class Continuous(Bijector):
    """The solution of an ordinary differential equation, from data at t = 0 to the latent at t = 1.

        dx/dt = velocity(t, x);  d log_det/dt = trace(d velocity / dx)
        inverse:  z = x(1) from x(0) = x        forward:  x = x(0) from x(1) = z
        log-det:  log |dz/dx| = integral from 0 to 1 of trace(d velocity / dx) dt

    Without a `probe` the trace is exact, at the cost of `dimension` derivatives. With a probe e it is estimated without
    bias by e . d velocity / dx . e, at the cost of one derivative, with the same e along the whole path.

    Args:
        velocity: `(t [batch, 1], x [batch, dimension], parameters, context) -> [batch, dimension]`, a function of its
            arguments alone.
        parameters: Weights of the velocity field.
        context: Condition, `[batch, size]`, or None.
        probe: Function from the points where a path starts, `[batch, dimension]`, to noise of zero mean and identity
            covariance of the same shape; None for the exact trace.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.
        report: Called with the number of evaluations of the velocity for each row, int32 `[batch]`.

    Source: Grathwohl et al., "FFJORD" (1810.01367), sections 2.2 and 3.1.
    Differs from the paper: each row takes its own steps; the paper's solver takes the same for a whole batch.
    """

    def __init__(
        self,
        velocity: Callable[..., tf.Tensor],
        parameters: list[tf.Tensor],
        *,
        context: tf.Tensor | None,
        probe: Callable[[tf.Tensor], tf.Tensor] | None,
        rtol: float,
        atol: float,
        report: Callable[[tf.Tensor], None],
    ):
        super().__init__(event_ndims=1, name="continuous")
        self.velocity = velocity
        self.weights = parameters
        self.context = context
        self.probe = probe
        self.tolerances = {"rtol": rtol, "atol": atol}
        self.report = report

    def inverse_and_log_det(self, x):
        return self._integrate(x, Interval(0.0, 1.0, **self.tolerances))

    def forward_and_log_det(self, z):
        return self._integrate(z, Interval(1.0, 0.0, **self.tolerances))

    def _integrate(self, x, interval):
        state = tf.concat([x, tf.zeros_like(x[:, :1])], axis=-1)
        probe = None if self.probe is None else self.probe(x)
        rows = [row for row in (probe, self.context) if row is not None]
        state, evaluations = integrate(self._derivative, state, self.weights, rows, interval)
        self.report(evaluations)
        return state[:, :-1], state[:, -1]

    def _derivative(self, t, state, parameters, rows):
        rows = list(rows)
        probe = None if self.probe is None else rows.pop(0)
        context = rows.pop(0) if rows else None
        x, t = state[:, :-1], t[:, None]
        if probe is None:
            return _with_trace(self.velocity, t, x, parameters, context)
        with tf.GradientTape() as tape:
            tape.watch(x)
            slope = self.velocity(t, x, parameters, context)
        divergence = tf.reduce_sum(tape.gradient(slope, x, probe) * probe, axis=-1, keepdims=True)
        return tf.concat([slope, divergence], axis=-1)


def _with_trace(velocity, t, x, parameters, context):
    """Velocity and exact divergence, from one batch that repeats each row once for each dimension."""
    dimension = x.shape[-1]
    x, t, context = (None if part is None else tf.repeat(part, dimension, axis=0) for part in (x, t, context))
    units = tf.tile(tf.eye(dimension, dtype=x.dtype), [tf.shape(x)[0] // dimension, 1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = velocity(t, x, parameters, context)
    diagonal = tf.reduce_sum(tape.gradient(slope, x, units) * units, axis=-1)
    divergence = tf.reduce_sum(tf.reshape(diagonal, [-1, dimension]), axis=-1, keepdims=True)
    return tf.concat([slope[::dimension], divergence], axis=-1)
