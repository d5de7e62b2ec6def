"""Facts of FFJORD's paper, 1810.01367."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import CASES, EVENTS, Case, float64, make
from tfflows import layers, noise
from tfflows.bijectors import Continuous
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import MeanNegativeLogLikelihood

CASE = Case("ffjord", EVENTS["vector"])


def linear(matrix, *, probe=None, rtol=1e-8):
    def velocity(t, x, parameters, context):
        return x @ parameters[0]

    draw = None if probe is None else lambda x: probe
    tolerances = {"rtol": rtol, "atol": rtol}
    return Continuous(velocity, [matrix], context=None, probe=draw, report=lambda evaluations: None, **tolerances)


def test_linear_field_has_the_matrix_exponential_and_its_trace():
    # dx/dt = x A: z = x exp(A), log |dz/dx| = trace(A).
    random = np.random.default_rng(0)
    matrix, x = tf.constant(random.normal(size=(3, 3))), tf.constant(random.normal(size=(4, 3)))
    np.testing.assert_allclose(linear(matrix).inverse(x), x @ tf.linalg.expm(matrix), atol=1e-6)
    log_det = linear(matrix).inverse_log_det_jacobian(x, event_ndims=1)
    np.testing.assert_allclose(log_det, np.full(4, np.trace(matrix)), atol=1e-7)


def test_hutchinson_is_the_trace_in_expectation():
    random = np.random.default_rng(0)
    matrix = tf.constant(0.3 * random.normal(size=(3, 3)))
    probe = tf.constant(np.sign(random.normal(size=(4000, 3))))
    estimates = linear(matrix, probe=probe, rtol=1e-4).inverse_log_det_jacobian(
        tf.zeros([4000, 3], tf.float64), event_ndims=1
    )
    error = np.std(estimates) / np.sqrt(4000)
    assert error > 0
    assert abs(np.mean(estimates) - np.trace(matrix)) < 4 * error
    # Over all signs the mean is exact.
    signs = tf.constant(np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), -1).reshape(8, 3))
    estimates = linear(matrix, probe=signs).inverse_log_det_jacobian(tf.zeros([8, 3], tf.float64), event_ndims=1)
    np.testing.assert_allclose(np.mean(estimates), np.trace(matrix), atol=1e-7)


@pytest.mark.slow
def test_training_estimates_what_evaluation_computes():
    # Equation 8 with the same noise along a path; four pairs of signs make the mean over them exact in the plane.
    model = make(CASE)
    x = tf.random.stateless_normal([64, 2], [0, 1])
    exact = model.log_prob_fn(x, None, noise.seed_pair(0)).numpy()
    scored = tf.function(lambda seed: model.log_prob_fn(x, None, seed, training=True))
    estimates = np.stack([scored(noise.seed_pair(seed)) for seed in range(60)])
    assert np.abs(estimates - exact).max() > 1e-3, "training did not estimate"
    assert abs(np.mean(estimates - exact)) < 4 * np.std(estimates - exact) / np.sqrt(estimates.size)
    always = zoo.create("ffjord", event=Event((2,)), width=8, depth=1, training_trace="exact")
    always.initialize(x)
    np.testing.assert_allclose(
        always.log_prob_fn(x, None, noise.seed_pair(0), training=True), always.log_prob_fn(x, None, noise.seed_pair(0))
    )


@pytest.mark.slow
def test_gradient_is_that_of_the_score():
    # The adjoint against finite differences, in every weight.
    with float64():
        model = make(CASE)
        x = tf.constant(np.random.default_rng(0).normal(size=(6, 2)))
        score = tf.function(lambda: tf.reduce_mean(model.log_prob_fn(x, None, noise.seed_pair(0))))
        with tf.GradientTape() as tape:
            value = score()
        gradients = tape.gradient(value, model.trainable_variables)
        random = np.random.default_rng(1)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            start, direction = variable.numpy(), random.normal(size=variable.shape)
            sides = []
            for step in (1e-4, -1e-4):
                variable.assign(start + step * direction)
                sides.append(score().numpy())
            variable.assign(start)
            np.testing.assert_allclose((sides[0] - sides[1]) / 2e-4, np.sum(gradient * direction), atol=2e-5)


@pytest.mark.slow
def test_function_evaluations_are_reported():
    model = make(CASE)
    model.compile("adam", MeanNegativeLogLikelihood())
    x = tf.random.stateless_normal([8, 2], [0, 1])
    assert model.logged_metrics[-1].name == "function_evaluations"
    model.log_prob_fn(x, None, noise.seed_pair(0))
    assert model.logged_metrics[-1].result() == 0, "evaluation is not training"
    model.log_prob_fn(x, None, noise.seed_pair(0), training=True)
    loose = model.logged_metrics[-1].result().numpy()
    assert loose >= 13
    assert loose % 0.125 == 0


@pytest.mark.slow
def test_mixed_precision_takes_no_more_evaluations():
    """A velocity in bfloat16 is rough, and the solver would take many small steps."""
    x, evaluations = tf.random.stateless_normal([8, 2], [0, 1]), []
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = make(CASE)
        finally:
            keras.config.set_dtype_policy("float32")
        model.compile("adam", MeanNegativeLogLikelihood())
        model.log_prob_fn(x, None, noise.seed_pair(0), training=True)
        evaluations.append(model.logged_metrics[-1].result().numpy())
    assert evaluations[0] == evaluations[1]


@pytest.mark.slow
def test_velocity_field_is_never_conditioned_away():
    conditional = make(next(case for case in CASES if str(case) == "ffjord-vector-conditional"))
    x, zeros = np.zeros((3, 2), np.float32), np.zeros(2)
    assert len(np.unique(conditional.log_prob(x, [0, 1, 2], zeros))) == 3
    assert len(np.unique(conditional.log_prob(x, 0, [zeros, [0, 1], [1, 0]]))) == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "relu"}, r"`activation` to be one of \['softplus', 'tanh'.*Received: activation='relu'"),
        ({"training_trace": "none"}, r"`training_trace` to be one of \['hutchinson', 'exact'\]"),
        ({"rtol": 0.0}, r"`rtol` and `atol` to be in \(0, 1\)\. Received: rtol=0.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("ffjord", event=Event((2,)), **settings)


def test_every_velocity_of_images_is_conditioned():
    event = dataclasses.replace(EVENTS["image"], classes=3, context=2)
    model = make(Case("ffjord", event))
    fields = [layer for layer in model.flow.flow_layers if isinstance(layer, layers.Continuous)]
    assert len(fields) == 3
    one, label, context = ([1, 0, 0, 0.5, -1], [0, 1, 0, 0.5, -1], [1, 0, 0, 0.5, 2])
    for field in fields:
        x = tf.ones([1, *field.shape])
        velocities = [field.network(tf.zeros([1, 1]), x, tf.constant([c], tf.float32)) for c in (one, label, context)]
        assert np.abs(velocities[1] - velocities[0]).max() > 1e-4
        assert np.abs(velocities[2] - velocities[0]).max() > 1e-4
