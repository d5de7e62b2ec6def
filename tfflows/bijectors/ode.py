"""Ordinary differential equations: an adaptive solver with a step size for each row.

With one step size for a whole batch, a row's result would depend on the other rows. Here each row takes its own steps,
all rows in one loop, and those that are finished wait.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

# Dormand and Prince, "A family of embedded Runge-Kutta formulae" (1980): stages, solution of order 5, its error.
NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
)
SOLUTION = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)
ORDER_4 = (5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40)
ERROR = tuple(np.subtract((*SOLUTION, 0.0), ORDER_4))

FIRST, SHORTEST = 0.1, 1e-3  # steps, as fractions of the interval; the shortest is accepted whatever its error
EVALUATIONS = 6  # of the derivative in a step: the last of one step is the first of the next

Derivative = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Interval:
    """Start, end and tolerances of an integration.

    Args:
        start: Time at which the state is known.
        end: Time at which it is wanted; may be before `start`.
        rtol: Error allowed in a step, relative to the state.
        atol: Error allowed in a step, absolute.
    """

    start: float
    end: float
    rtol: float
    atol: float

    def time(self, part: tf.Tensor) -> tf.Tensor:
        return self.start + (self.end - self.start) * part


def solve(
    derivative: Derivative, state: tf.Tensor, interval: Interval, quadrature: Callable | None = None, totals: tuple = ()
) -> tuple[tf.Tensor, tf.Tensor, tuple]:
    """The state at the end of the interval, by Dormand and Prince's pair of orders 5 and 4.

    Args:
        derivative: `(t [batch], state [batch, size]) -> [batch, size]`.
        state: State at the start, `[batch, size]`.
        interval: Times and tolerances; a row's error is the root mean square over its entries.
        quadrature: `(t, state, weight) -> tensors`, called once per step with the stages of all rows, concatenated on
            axis 0; its results, linear in `weight`, add up to integrals over the path.
        totals: Initial values of these sums.

    Returns:
        The state, the number of evaluations of the derivative for each row, int32 `[batch]`, and the sums.
    """
    span = interval.end - interval.start

    def step(part, state, slope, length, count, totals):
        running = part < 1
        length = tf.minimum(length, 1 - part)
        stages, slopes = _stages(derivative, interval, part, state, slope, span * length)
        error = _norm(_mix(ERROR, slopes, span * length), state, stages[-1][1], interval)
        accepted = running & ((error <= 1) | (length <= SHORTEST))
        if quadrature is not None:
            sums = quadrature(*_weighted(stages, tf.where(accepted, span * length, 0.0)))
            totals = tuple(total + more for total, more in zip(totals, sums, strict=True))
        state = tf.where(accepted[:, None], stages[-1][1], state)
        slope = tf.where(accepted[:, None], slopes[-1], slope)
        count += EVALUATIONS * tf.cast(running, tf.int32)
        return _moved(part, length, accepted), state, slope, _next_length(length, error), count, totals

    part = tf.zeros_like(state[:, 0])
    slope = derivative(interval.time(part), state)
    start = (part, state, slope, part + FIRST, tf.ones_like(part, tf.int32), totals)
    _, state, _, _, count, totals = tf.while_loop(lambda part, *_: tf.reduce_any(part < 1), step, start)
    return state, count, totals


def _moved(part, length, accepted):
    """The fraction of the interval that each row has completed; exactly 1 if the step was the last."""
    behind = tf.where(length >= 1 - part, tf.ones_like(part), part + length)
    return tf.where(accepted, behind, part)


def _next_length(length, error):
    longer = length * tf.clip_by_value(0.9 * tf.maximum(error, 1e-10) ** -0.2, 0.2, 10.0)
    return tf.clip_by_value(longer, SHORTEST, 1.0)


def _stages(derivative, interval, part, state, slope, length):
    """Times and states of the stages, the last of which is the solution, and the derivatives there."""
    stages, slopes = [(interval.time(part), state)], [slope]
    parts = length / (interval.end - interval.start)
    for node, row in zip(NODES[1:], (*STAGES[1:], SOLUTION), strict=True):
        stages.append((interval.time(part + node * parts), state + _mix(row, slopes, length)))
        slopes.append(derivative(*stages[-1]))
    return stages, slopes


def _mix(weights, slopes, length):
    return length[:, None] * tf.add_n([w * slope for w, slope in zip(weights, slopes, strict=True) if w != 0])


def _norm(error, before, after, interval):
    """Root mean square of the error in units of the allowed one; a state that is not finite counts as a large error."""
    allowed = interval.atol + interval.rtol * tf.maximum(tf.abs(before), tf.abs(after))
    norm = tf.sqrt(tf.reduce_mean((error / allowed) ** 2, axis=-1))
    return tf.where(tf.math.is_finite(norm), norm, 1e10 * tf.ones_like(norm))


def _weighted(stages, length):
    """The stages that the solution of order 5 is made of, with their weights, concatenated on axis 0."""
    used = [(w, *stage) for w, stage in zip(SOLUTION, stages, strict=False) if w != 0]
    return tuple(tf.concat(parts, axis=0) for parts in zip(*((t, s, w * length) for w, t, s in used), strict=True))
