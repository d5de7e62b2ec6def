"""Facts of the Sylvester flow's paper, 1803.05649."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, assert_finite_at, float64
from tfflows import bijectors, layers
from tfflows.bijectors.sylvester import MARGIN, Columns, Entries, Reflections
from tfflows.errors import InputError
from tfflows.events import Event
from zoo.registry import ARCHITECTURES

KINDS = ["orthogonal", "householder", "triangular"]


def numbers(*shapes, scale=1.0, seed=0):
    random = np.random.default_rng(seed)
    return [tf.constant(scale * random.normal(size=shape)) for shape in shapes]


def basis(kind, dimension=4, rows=1):
    """A basis of this kind, and the number of its directions."""
    (values,) = numbers((rows, dimension, 3), seed=5)
    made = {"orthogonal": Columns(values), "triangular": Entries(flip=True)}
    made["householder"] = Reflections(tf.linalg.matrix_transpose(values))
    return made[kind], 3 if kind == "orthogonal" else dimension


def sylvester(kind, *, rows=1, scale=1.0):
    its_basis, size = basis(kind, rows=rows)
    r1, r2, b = numbers((rows, size, size), (rows, size, size), (rows, size), scale=scale)
    return bijectors.Sylvester(its_basis, r1, r2, b)


def matrix_of(its_basis, size):
    """`Q`, by its products with the unit vectors."""
    return np.stack([its_basis.combination(tf.eye(size, dtype=tf.float64)[i : i + 1])[0] for i in range(size)], axis=1)


def jacobian(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.batch_jacobian(y, x).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthonormal(kind):
    its_basis, size = basis(kind)
    q = matrix_of(its_basis, size)
    np.testing.assert_allclose(q.T @ q, np.eye(size), atol=1e-12)
    (x,) = numbers((5, 4))
    np.testing.assert_allclose(its_basis.coordinates(x), x @ q, atol=1e-12)


def test_columns_are_orthonormal_in_float32_also_close_to_singular_matrices():
    random = np.random.default_rng(0)
    for dimension, size in ((2, 2), (64, 8), (64, 64)):
        matrices = random.normal(size=(100, dimension, size)).astype(np.float32)
        matrices[::2, :, -1] = matrices[::2, :, 0] + 1e-4 * matrices[::2, :, -1]
        q = Columns(tf.constant(matrices)).q.numpy()
        assert np.abs(np.swapaxes(q, 1, 2) @ q - np.eye(size)).max() < 1e-5


def test_columns_span_what_the_papers_iteration_spans():
    # Q <- Q (I + (I - Q^T Q) / 2), from a matrix of norm below 1.
    (matrix,) = numbers((1, 6, 3))
    q = matrix[0].numpy() / np.linalg.norm(matrix)
    for _ in range(60):
        q = q @ (np.eye(3) + (np.eye(3) - q.T @ q) / 2)
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-12)
    mine = Columns(matrix).q[0].numpy()
    np.testing.assert_allclose(mine @ mine.T, q @ q.T, atol=1e-12)


def test_columns_do_not_jump():
    # The signs of a QR decomposition are open: along a path through a change of sign they must not change.
    one, other = numbers((1, 4, 2), (1, 4, 2))
    path = [Columns(one + t * other).q.numpy() for t in np.linspace(-5, 5, 2001)]
    assert np.abs(np.diff(path, axis=0)).max() < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_log_det_is_sylvesters_identity(kind):
    # det(I + A B) = det(I + B A), with A = Q R1 diag(h') and B = R2 Q^T: a determinant of the size of the directions.
    flow, (x,) = sylvester(kind, rows=5), numbers((5, 4))
    log_det = flow.inverse_log_det_jacobian(x, event_ndims=1)
    whole = np.linalg.slogdet(jacobian(sylvester(kind, rows=5).inverse, x))
    assert np.all(whole[0] == 1)
    np.testing.assert_allclose(log_det, whole[1], atol=1e-10)


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("kind", KINDS)
def test_round_trip_for_any_weights(kind, scale):
    # Invertible if r1[i, i] * r2[i, i] > -1, which the weights cannot leave.
    (x,) = numbers((40, 4), scale=3.0, seed=2)
    flow = sylvester(kind, rows=40, scale=scale)
    assert np.all(flow.diagonals[0] * flow.diagonals[1] >= MARGIN - 1 - 1e-9)
    z = flow.inverse(x)
    back = sylvester(kind, rows=40, scale=scale).forward(tf.identity(z))
    np.testing.assert_allclose(back, x, atol=1e-9 if scale == 1 else 1e-6)
    log_det = sylvester(kind, rows=40, scale=scale).forward_log_det_jacobian(tf.identity(z), event_ndims=1)
    np.testing.assert_allclose(log_det, -flow.inverse_log_det_jacobian(x, event_ndims=1), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_of_the_root_are_those_of_the_implicit_function(kind):
    (x,) = numbers((5, 4))
    z = sylvester(kind, rows=5).inverse(x)
    product = jacobian(sylvester(kind, rows=5).forward, tf.identity(z)) @ jacobian(sylvester(kind, rows=5).inverse, x)
    np.testing.assert_allclose(product, np.tile(np.eye(4), [5, 1, 1]), atol=1e-9)


def test_one_direction_is_the_planar_flow():
    # Planar flows are the case of one column: u = r1 * q and w = r2 * q.
    q, r1, r2, b, x = numbers((1, 3, 1), (1, 1, 1), (1, 1, 1), (1, 1), (6, 3))
    flow = bijectors.Sylvester(Columns(q), r1, r2, b)
    unit = q[..., 0] / tf.norm(q)
    u, w = flow.r1[0, 0, 0] * unit, flow.r2[0, 0, 0] * unit
    # Planar's u is any number along w, of which softplus makes what is above the margin.
    dot = tf.reduce_sum(w * u) + 1 - MARGIN
    u += (tf.math.log(tf.math.expm1(dot)) - tf.reduce_sum(w * u)) * w / tf.reduce_sum(w * w)
    planar = bijectors.Planar(u, w, b)
    np.testing.assert_allclose(flow.inverse(x), planar.inverse(x), atol=1e-12)
    mine, theirs = (map_.inverse_log_det_jacobian(x, event_ndims=1) for map_ in (flow, planar))
    np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_points_move_along_the_directions_only():
    flow, (x,) = sylvester("orthogonal"), numbers((6, 4))
    moves, q = flow.inverse(x) - x, flow.basis.q[0]
    np.testing.assert_allclose(moves @ q @ tf.transpose(q), moves, atol=1e-12)
    assert np.abs(moves).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_new_flow_is_the_identity(kind):
    model = zoo.create("sylvester", EVENTS["vector"], layers=2, kind=kind)
    x = tf.random.stateless_normal([8, 2], [0, 1])
    for layer in model.flow_layers[1:]:
        np.testing.assert_allclose(layer.bijector().inverse(x), x, atol=1e-6)


# Vectors of the authors' code for each flow and latent: R1 and R2 above their diagonals, both diagonals, b, and Q.
PUBLISHED = {"orthogonal": 8 * 8 + 3 * 8 + 64 * 8, "householder": 64 * 64 + 3 * 64 + 64 * 8}
PUBLISHED["triangular"] = 64 * 64 + 3 * 64


@pytest.mark.parametrize(("kind", "published"), PUBLISHED.items())
def test_parameters_of_a_layer_are_those_of_the_authors_code(kind, published):
    one, three = (zoo.create("sylvester", Event((64,)), layers=n, kind=kind).count_params() for n in (1, 3))
    size = 8 if kind == "orthogonal" else 64
    # One matrix holds both triangles; the authors' code does not use its diagonal, which is that of R1 here.
    print(f"{kind}: {(three - one) // 2:,} parameters, and {published:,} in the authors' code")
    assert three - one == 2 * (published - size)


def test_one_matrix_holds_both_triangles():
    with float64():
        layer = layers.TriangularSylvester()
        layer.build((None, 3))
        packed, diagonal, b = numbers((1, 9), (1, 3), (1, 3))
        flow = layer.make(packed, diagonal, b)
    matrix, (above, below) = packed.numpy().reshape(3, 3), (np.triu_indices(3, 1), np.tril_indices(3, -1))
    np.testing.assert_array_equal(flow.r1[0].numpy()[above], matrix[above])
    np.testing.assert_array_equal(flow.r2[0].numpy().T[below], matrix[below])
    for half, its_diagonal in ((flow.r1, np.diag(matrix)), (flow.r2, diagonal[0])):
        np.testing.assert_allclose(np.diag(half[0]), np.sqrt(1 - MARGIN) * np.tanh(its_diagonal), rtol=1e-12)
        assert np.all(half[0].numpy()[below] == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_far_outside_the_data_have_finite_scores_and_gradients(kind):
    model = zoo.create("sylvester", EVENTS["vector"], layers=3, kind=kind)
    model.initialize(tf.random.stateless_normal([64, 2], [0, 1]))
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + 3 * random.normal(size=variable.shape))
    assert_finite_at(tf.constant([[1e4, -1e4], [0.0, 1e4]]), model)


def test_triangular_maps_reverse_the_order_in_turn():
    model = zoo.create("sylvester", EVENTS["vector"], layers=3, kind="triangular")
    assert [layer.flip for layer in model.flow_layers[1:]] == [False, True, False]
    with float64():
        layer = layers.TriangularSylvester(flip=True)
        layer.build((None, 3))
        layer.own[0].assign(tf.ones([1, 9]))
        slopes = jacobian(layer.bijector().inverse, tf.zeros([1, 3], tf.float64))[0]
    assert np.all(slopes[np.triu(np.ones((3, 3), bool), 1)] == 0)
    assert np.all(slopes[np.tril(np.ones((3, 3), bool))] != 0)


def test_vae_has_the_settings_of_the_paper():
    preset = ARCHITECTURES["flow_vae"].preset("binarized_mnist", Event((28, 28, 1), "uint8", 2))
    assert preset["model"]["posterior"] == "4 sylvester"
    assert preset["model"]["latents"] == 64
    train = preset["train"]
    assert (train["optimizer"], train["learning_rate"], train["batch_size"]) == ("adamax", 5e-4, 100)
    assert preset["model"]["kl_warmup_steps"] == 100 * 50_000 // train["batch_size"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "dense"}, r"`kind` to be one of \['orthogonal', 'householder', 'triangular'\]"),
        ({"layers": 0}, r"`layers` to be 1 or more\. Received: layers=0"),
        ({"directions": 0}, r"`directions` to be 1 or more\. Received: directions=0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        zoo.create("sylvester", EVENTS["vector"], **settings)
