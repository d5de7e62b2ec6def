"""Gradients through an ordinary differential equation by the adjoint method, which does not store the path."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfflows.bijectors.ode import Interval, solve


def integrate(
    function: Callable, state: tf.Tensor, parameters: list[tf.Tensor], rows: list[tf.Tensor], interval: Interval
) -> tuple[tf.Tensor, tf.Tensor]:
    """`solve`, with gradients by the adjoint equation: memory does not grow with the number of steps.

        d a / dt = -a . d f / d state,   dL / d parameters = -integral from end to start of a . d f / d parameters

    Args:
        function: `(t, state, parameters, rows) -> d state / dt`, a function of its arguments alone.
        state: State at the start, `[batch, size]`.
        parameters: Tensors shared by all rows.
        rows: Tensors with an entry for each row, `[batch, ...]`.
        interval: Times and tolerances.

    Returns:
        The state at the end and the number of evaluations for each row.

    Source: Chen et al., "Neural Ordinary Differential Equations" (1806.07366), section 2 and appendix B.
    Differs from the paper: the error of the state and the adjoint alone controls the step size, not that of the
    parameter integrals.
    """
    num_parameters = len(parameters)

    @tf.custom_gradient
    def run(state, *others):
        parameters, rows = others[:num_parameters], others[num_parameters:]
        end, count, _ = solve(lambda t, s: function(t, s, parameters, rows), state, interval)

        def gradient(upstream, _):
            return _adjoint(function, end, upstream, parameters, rows, interval)

        return (end, count), gradient

    return run(state, *parameters, *rows)


def _adjoint(function, state, upstream, parameters, rows, interval):
    """Gradients of the state at the start, the parameters and the rows, from that of the state at the end."""

    def derivative(t, both):
        state, adjoint = tf.split(both, 2, axis=-1)
        with tf.GradientTape() as tape:
            tape.watch(state)
            slope = function(t, state, parameters, rows)
        return tf.concat([slope, -tape.gradient(slope, state, adjoint)], axis=-1)

    def quadrature(t, both, weight):
        state, adjoint = tf.split(both, 2, axis=-1)
        copies = tf.shape(state)[0] // tf.shape(upstream)[0]
        with tf.GradientTape() as tape:
            tape.watch([parameters, rows])
            tiled = [tf.tile(row, [copies] + [1] * (row.shape.rank - 1)) for row in rows]
            slope = function(t, state, parameters, tiled)
        zero = tf.UnconnectedGradients.ZERO
        return tape.gradient(slope, [*parameters, *rows], -weight[:, None] * adjoint, unconnected_gradients=zero)

    back = dataclasses.replace(interval, start=interval.end, end=interval.start)
    zeros = tuple(tf.zeros_like(tensor) for tensor in (*parameters, *rows))
    both, _, totals = solve(derivative, tf.concat([state, upstream], axis=-1), back, quadrature, zeros)
    return (tf.split(both, 2, axis=-1)[1], *totals)
