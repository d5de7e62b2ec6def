"""Laws of flows whose log-determinant is an estimate: each replaces a law that holds for exact ones only."""

import numpy as np
import tensorflow as tf

from tests.cases import Case, continuous, float64, flow_of, make, taken
from tests.laws import jacobian_log_det
from tfflows import noise

DRAWS = {"1": 2000, "derivatives": 2000, "adaptive": 300}  # by the cost of a density; a solver takes many passes
STEP = 1e-4  # of finite differences


def log_det_is_the_mean_of_estimates(case: Case) -> None:
    """Replaces "log-det is that of the Jacobian": the estimates of one event have it as their mean, in both directions,
    and their gradients have its gradient; in evaluation, and in training, which draws more of the terms.
    """
    with float64():
        model = flow_of(make(case))
        model = model if case.row.log_prob_cost.passes == "adaptive" else steep(model)
        draws = DRAWS[case.row.log_prob_cost.passes]
        x, conditions = (
            part[:1] if isinstance(part, np.ndarray) else taken(part, slice(1)) for part in continuous(case, 1)
        )
        condition = model.condition(**conditions)
        z = tf.identity(model.bijector(condition).inverse(x))
        expected, slope = jacobian_log_det(model, "inverse", x, condition)[0], _slope(model, x, condition)
        for training in (False, True):
            found, slopes = _estimates(model, "inverse", tf.constant(x), condition, draws, training=training)
            _assert_mean(found, expected)
            _assert_mean(slopes, slope)
        found, _ = _estimates(model, "forward", z, condition, draws, training=False)
        _assert_mean(found, -expected)


def steep(model):
    """The model with weights for which its Jacobian is far from the identity: of one sign, and without saturation."""
    for variable in model.trainable_variables:
        if "kernel" in variable.path or "bias" in variable.path:
            variable.assign(np.abs(variable.numpy()) + 2.0 * ("bias" in variable.path))
    return model


def _estimates(model, direction, start, condition, draws, *, training):
    """Estimates `[draws]` of the log-det, and `[draws]` of its derivative along the vector of ones."""
    many = tf.repeat(start, draws, axis=0)
    conditions = None if condition is None else tf.repeat(condition, draws, axis=0)
    seeds = noise.split(noise.seed_pair(5), draws)
    with tf.GradientTape() as tape:
        tape.watch(many)
        bijector = model.bijector(conditions, training=training, seeds=seeds)
        ndims = len(start.shape) - 1
        log_det = getattr(bijector, f"{direction}_log_det_jacobian")(many, event_ndims=ndims)
    gradient = tape.gradient(log_det, many)
    return log_det.numpy(), tf.reduce_sum(tf.reshape(gradient, [draws, -1]), axis=1).numpy()


def _slope(model, x, condition):
    higher, lower = (jacobian_log_det(model, "inverse", x + step, condition)[0] for step in (STEP, -STEP))
    return (higher - lower) / (2 * STEP)


def _assert_mean(values, expected):
    """The mean is as expected within 4 standard errors, and the values differ."""
    error = values.std() / np.sqrt(len(values))
    assert error > 0, "no estimate"
    assert error < 0.1, "too few draws to say"
    assert abs(values.mean() - expected) < 4 * error + 1e-6
