"""Facts of the planar and the radial flow's paper, 1505.05770."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import float64
from tfflows import bijectors, layers
from tfflows.bijectors.planar import MARGIN
from tfflows.errors import InputError
from tfflows.events import Event


def numbers(*shapes, scale=1.0):
    random = np.random.default_rng(0)
    return [tf.constant(scale * random.normal(size=shape)) for shape in shapes]


def test_planar_log_det_is_that_of_a_rank_one_change():
    # |det(I + u h' w^T)| = |1 + u . h' w|, the matrix determinant lemma.
    u, w, b, x = numbers((1, 3), (1, 3), (1, 1), (5, 3))
    planar = bijectors.Planar(u, w, b)
    slope = 1 - tf.tanh(x @ tf.transpose(w) + b) ** 2
    for row in range(5):
        jacobian = np.eye(3) + slope.numpy()[row] * np.outer(planar.v, w)
        expected = np.log(np.abs(np.linalg.det(jacobian)))
        np.testing.assert_allclose(planar.inverse_log_det_jacobian(x, event_ndims=1)[row], expected, atol=1e-12)


def test_planar_constraint_holds_for_any_weights():
    # Appendix A.1: invertible if and only if w . u >= -1; here with a margin, and u is left alone across w.
    u, w, b = numbers((1000, 4), (1000, 4), (1000, 1), scale=10.0)
    planar = bijectors.Planar(u, w, b)
    along = tf.reduce_sum(w * planar.v, axis=-1)
    assert np.all(along >= MARGIN - 1 - 1e-6)
    np.testing.assert_allclose(along, planar.s[:, 0], atol=1e-6)
    moved = (planar.v - u).numpy()
    across = moved - np.sum(moved * w, -1, keepdims=True) * w / np.sum(w * w, -1, keepdims=True)
    np.testing.assert_allclose(across, 0, atol=1e-9)


def test_planar_inverse_holds_where_the_slope_is_least():
    # w . u far below -1: on the plane itself the map is as flat as the margin.
    w, u = tf.constant([[2.0, 0.0]]), tf.constant([[-50.0, 1.0]])
    x = tf.constant([[a, 0.3] for a in np.linspace(-2, 2, 101)], tf.float32)
    z = bijectors.Planar(u, w, tf.zeros([1, 1])).inverse(x)
    back = bijectors.Planar(u, w, tf.zeros([1, 1])).forward(tf.identity(z))
    np.testing.assert_allclose(back, x, atol=1e-3)


def test_radial_moves_along_rays_and_keeps_far_points():
    center, a, b = tf.constant([[1.0, -1.0]]), tf.zeros([1, 1]), tf.constant([[2.0]])
    x = tf.constant([[1.5, -0.5], [1e3, 2e3]])
    z = bijectors.Radial(center, a, b).inverse(x)
    before, after = x - center, z - center
    np.testing.assert_allclose(before[:, 0] * after[:, 1], before[:, 1] * after[:, 0], rtol=1e-5)
    assert np.linalg.norm(after[0]) > 1.3 * np.linalg.norm(before[0])  # beta > 0 pushes outwards
    assert np.linalg.norm(z[1] - x[1]) < 2 * bijectors.Radial(center, a, b).beta.numpy()


def test_radial_inverse_is_exact_for_any_weights_and_at_the_centre():
    # Appendix A.2: invertible if beta >= -alpha, which the parameters cannot leave.
    with float64():
        center, a, b, x = numbers((200, 2), (200, 1), (200, 1), (200, 2), scale=4.0)
        x = tf.concat([x[:199], center[199:]], axis=0)
        z = bijectors.Radial(center, a, b).inverse(x)
        np.testing.assert_allclose(bijectors.Radial(center, a, b).forward(tf.identity(z)), x, atol=1e-6)


def test_inverted_layer_is_the_papers_flow():
    # The paper draws with the closed form: layers.Inverse(Planar) samples by it, and scores by the root.
    planar = layers.Planar()
    inverse = layers.Inverse(planar)
    inverse.build((None, 2))
    planar.own[0].assign([[0.7, -0.3]])
    z = tf.constant([[0.3, 0.8]])
    np.testing.assert_allclose(inverse.bijector().forward(z), planar.bijector().inverse(z), rtol=1e-6)
    np.testing.assert_allclose(inverse.bijector().inverse(z), planar.bijector().forward(z), rtol=1e-6)


@pytest.mark.parametrize(("name", "size"), [("planar", 2 * 5 + 1), ("radial", 5 + 2)])
def test_parameters_of_a_layer(name, size):
    event = Event((5,))
    one, three = (zoo.create(name, event=event, layers=layers).count_params() for layers in (1, 3))
    assert three - one == 2 * size
    conditional = zoo.create(name, event=Event((5,), classes=4), layers=1).count_params()
    assert conditional - one == 4 * size  # a linear map of the context to each


@pytest.mark.parametrize("name", ["planar", "radial"])
def test_no_layers_are_refused(name):
    with pytest.raises(InputError, match=r"`layers` to be 1 or more\. Received: layers=0"):
        zoo.create(name, event=Event((2,)), layers=0)
