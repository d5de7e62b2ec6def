"""Numerical inverses: the root of an increasing function, for every entry of a tensor at once, with exact gradients."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.base import Bijector

DOUBLINGS = 64  # of the first bracket, [-1, 1]: up to 1.8e19
ITERATIONS = 100  # of the search; it takes 10 to 40
STEEPEST = 40.0  # maximum log-slope of the root with respect to `y`, so that gradients stay finite


def increasing_root(function: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]], y: tf.Tensor) -> tf.Tensor:
    """The `x` at which an elementwise increasing function has the value `y`.

    Chandrupatla's method finds `x` to machine precision, inside a bracket that grows until it contains the root;
    entries that are done wait for the others, so that none depends on the rest of its batch. One Newton step at the end
    improves the root of a steep function. Where the function is flat, the step is shortened, since it would amplify
    rounding errors. It also gives the derivatives of the implicit function, `dx = (dy - df) / f'(x)`.

    Args:
        function: From `x` to `f(x)` and `log f'(x)`, both of the shape of `y`.
        y: Values to reach.

    Returns:
        `x`, with `|f(x) - y|` within rounding of `y`; differentiable in `y` and in all that `function` depends on.
    """
    goal = tf.stop_gradient(y)

    def objective(x):
        return function(x)[0] - goal

    if not tf.executing_eagerly():
        # The graph calls it in five places: as a function it is traced once.
        objective = tf.function(objective, autograph=False)
    low, high = _bracket(objective, tf.ones_like(goal))
    search = tfp.math.find_root_chandrupatla(
        objective,
        low=low,
        high=high,
        position_tolerance=4 * np.finfo(goal.dtype.as_numpy_dtype).eps,
        value_tolerance=0.0,
        max_iterations=ITERATIONS,
    )
    x = tf.stop_gradient(search.estimated_root)
    value, log_slope = function(x)
    slope_of_root = tf.stop_gradient(tf.exp(tf.minimum(-log_slope, STEEPEST)))
    change, residual = y - value, tf.stop_gradient(y - value)
    return x + residual * tf.minimum(slope_of_root, 1) + (change - residual) * slope_of_root


def _bracket(objective, radius):
    """Ends of an interval around 0, grown until the objective is negative at the lower and positive at the upper."""

    def step(low, high, _):
        above, below = objective(low) > 0, objective(high) < 0
        return tf.where(above, 2 * low, low), tf.where(below, 2 * high, high), tf.reduce_any(above | below)

    state = -radius, radius, tf.constant(True)
    low, high, _ = tf.while_loop(lambda *state: state[-1], step, state, maximum_iterations=DOUBLINGS)
    return tf.stop_gradient(low), tf.stop_gradient(high)


class MonotonicBijector(Bijector):
    """An increasing scalar bijector with a closed form from data to latent only; the other direction is a root search.

    A subclass implements `inverse_and_log_det`.

        forward:  the x with inverse(x) = z, by `increasing_root`
        log-det:  log |dx/dz| = -log |dz/dx| at that x
    """

    def __init__(self, *, name: str):
        super().__init__(event_ndims=0, name=name)

    def forward_and_log_det(self, z):
        x = increasing_root(self.inverse_and_log_det, z)
        return x, -self.inverse_and_log_det(x)[1]
