"""The gate of IAF: its formula, both directions, far inputs."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import Gated

FAR = [-1e4, -20.0, 0.0, 20.0, 1e4]


def drawn(dtype="float64"):
    """Parameters `[40, 2, 3]` and entries `[40, 3]`."""
    random = np.random.default_rng(0)
    return tf.constant(2 * random.normal(size=(40, 2, 3)), dtype), tf.constant(random.normal(size=(40, 3)), dtype)


@pytest.mark.parametrize("bias", [1.0, 2.0])
def test_gate_mixes_the_entry_with_what_the_network_proposes(bias):
    values, x = drawn()
    m, s = values[:, 0].numpy(), values[:, 1].numpy()
    sigma = 1 / (1 + np.exp(-(s + bias)))
    bijector = Gated(bias)(values)
    np.testing.assert_allclose(bijector.inverse(x), sigma * x + (1 - sigma) * m, rtol=1e-12)
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x, event_ndims=0), np.log(sigma), rtol=1e-12)


def test_both_directions_are_inverse_to_each_other_and_have_the_slope_of_autodiff():
    values, x = drawn()
    z = tf.identity(Gated()(values).inverse(x))
    np.testing.assert_allclose(Gated()(values).forward(z), x, atol=1e-10)
    for direction, at in (("inverse", x), ("forward", z)):
        bijector = Gated()(values)
        with tf.GradientTape() as tape:
            tape.watch(at)
            y = getattr(bijector, direction)(at)
        log_det = getattr(bijector, f"{direction}_log_det_jacobian")(at, event_ndims=0)
        np.testing.assert_allclose(log_det, np.log(tape.gradient(y, at)), atol=1e-12)


def test_layer_starts_with_open_gates():
    zeros, x = tf.zeros([1, 2, 1]), tf.constant([[1.0]])
    starts = [Gated(bias)(zeros).inverse(x).numpy().item() for bias in (1.0, 2.0)]
    np.testing.assert_allclose(starts, [0.731, 0.881], atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", ["inverse", "forward"])
def test_far_inputs_and_parameters_have_finite_values_and_gradients(direction, dtype):
    m, s, x = (tf.constant(part.reshape(-1, 1), dtype) for part in np.meshgrid(FAR, FAR, FAR))
    with tf.GradientTape() as tape:
        tape.watch([m, s, x])
        bijector = Gated()(tf.stack([m, s], axis=1))
        log_det = getattr(bijector, f"{direction}_log_det_jacobian")(x, event_ndims=0)
        total = getattr(bijector, direction)(x) + log_det
    assert total.dtype == dtype
    assert np.isfinite(total).all()
    assert all(np.isfinite(part).all() for part in tape.gradient(total, [m, s, x]))


def test_closed_gate_gives_the_proposal_and_an_open_one_the_entry():
    values = tf.constant([[[5.0], [-1e4]], [[5.0], [1e4]]])
    np.testing.assert_allclose(Gated()(values).inverse(tf.constant([[3.0], [3.0]])), [[5.0], [3.0]], rtol=1e-6)
