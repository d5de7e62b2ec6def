"""The solver of differential equations and its adjoint, on equations that have a closed form."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors.adjoint import integrate
from tfflows.bijectors.ode import Interval, solve

FORTH, BACK = (Interval(*ends, rtol=1e-8, atol=1e-8) for ends in ((0.0, 1.0), (1.0, 0.0)))


def swirl(t, state):
    """A rotation whose angle at time t is 2 t^2."""
    return 4 * t[:, None] * tf.stack([-state[:, 1], state[:, 0]], axis=1)


def turned(state, angle):
    return state @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_solution_is_the_closed_form_in_both_directions():
    start = np.random.default_rng(0).normal(size=(5, 2))
    end, evaluations, _ = solve(swirl, tf.constant(start), FORTH)
    np.testing.assert_allclose(end, turned(start, 2.0), atol=1e-6)
    np.testing.assert_allclose(solve(swirl, end, BACK)[0], start, atol=1e-6)
    assert np.all((evaluations.numpy() > 12) & (evaluations.numpy() < 1000))


def test_error_falls_with_the_tolerance():
    start = np.array([[1.0, 0.0]])
    errors, costs = [], []
    for tolerance in (1e-3, 1e-5, 1e-7, 1e-9):
        end, cost, _ = solve(swirl, tf.constant(start), Interval(0.0, 1.0, tolerance, tolerance))
        errors.append(np.abs(end - turned(start, 2.0)).max())
        costs.append(int(cost[0]))
    assert np.all(np.diff(np.log(errors)) < -1)
    assert costs == sorted(costs)


def test_each_row_takes_its_own_steps():
    rates = tf.constant([[0.1], [30.0]], tf.float64)
    start = tf.ones([2, 1], tf.float64)

    def decay(rates):
        return lambda t, state: -rates * state

    together, costs, _ = solve(decay(rates), start, FORTH)
    alone, cost, _ = solve(decay(rates[:1]), start[:1], FORTH)
    np.testing.assert_array_equal(together[:1], alone)
    assert costs[0] == cost[0] < costs[1]
    np.testing.assert_allclose(together, np.exp(-rates), atol=1e-8)


def test_adjoint_gives_the_gradients_of_the_closed_form():
    # x(1) = x(0) * exp(a * b), for a shared `a` and a `b` of each row.
    x, a, b = (tf.constant(value, tf.float64) for value in ([[1.0], [2.0]], 0.7, [[0.5], [-1.5]]))

    def growth(t, state, parameters, rows):
        return parameters[0] * rows[0] * state

    with tf.GradientTape() as tape:
        tape.watch([x, a, b])
        end, _ = integrate(growth, x, [a], [b], FORTH)
        loss = tf.reduce_sum(end**2)
    with tf.GradientTape() as closed:
        closed.watch([x, a, b])
        expected = tf.reduce_sum((x * tf.exp(a * b)) ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-7)
    pairs = zip(tape.gradient(loss, [x, a, b]), closed.gradient(expected, [x, a, b]), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.slow
def test_state_that_explodes_ends_the_loop():
    end, evaluations, _ = solve(lambda t, state: 1e3 * state**3, tf.constant([[1.0]]), FORTH)
    assert evaluations.numpy()[0] < 10_000
    assert end.shape == (1, 1)
