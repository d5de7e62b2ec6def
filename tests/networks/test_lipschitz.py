"""Networks with a bounded Lipschitz constant: the bound holds for every kernel, and is tight."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases import float64
from tfflows.errors import InputError
from tfflows.networks import LipschitzNet, lipschitz, spectral

SPACE = (5, 6)


def kernels(shape):
    """Kernels of odd spectra: random ones, equal singular values, one singular value, constants, tiny and huge ones."""
    random = np.random.default_rng(0)
    normal = random.normal(size=shape)
    flat = normal.reshape(-1, shape[-1])
    left, values, right = np.linalg.svd(flat, full_matrices=False)
    return {
        "normal": normal,
        "isometric": (left @ right).reshape(shape),
        "of rank 1": (left[:, :1] * values[0] @ right[:1]).reshape(shape),
        "constant": np.ones(shape),
        "tiny": 1e-6 * normal,
        "huge": 1e6 * normal,
    }


def operator_of(kernel):
    """The convolution with zero padding as a matrix, from its values at the unit vectors."""
    size = np.prod(SPACE) * kernel.shape[2]
    units = tf.reshape(tf.eye(size, dtype=kernel.dtype), [size, *SPACE, kernel.shape[2]])
    return tf.reshape(tf.nn.conv2d(units, kernel, 1, "SAME"), [size, -1]).numpy()


SHAPES = [(7, 4), (4, 7), (3, 3, 2, 5), (3, 3, 5, 2), (1, 1, 4, 3), (5, 3, 1, 1)]


def pairs(shape, dtype):
    """The norm of each kernel's map, by a singular value decomposition, and its bound."""
    for name, values in kernels(shape).items():
        kernel = tf.constant(values, dtype)
        matrix = kernel.numpy() if len(shape) == 2 else operator_of(kernel)
        bound = spectral.norm_bound(kernel) if len(shape) == 2 else spectral.norm_bound_of_convolution(kernel, SPACE)
        yield name, np.linalg.norm(matrix, 2), bound.numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bound_is_never_below_the_norm_and_is_close_to_that_of_the_circular_map(shape, dtype):
    rounding = 1e-5 if dtype == "float32" else 1e-12
    for name, norm, bound in pairs(shape, dtype):
        assert bound >= norm * (1 - rounding), name
        # Zero padding cuts off a part of the circular convolution, more on a map as small as this one.
        assert bound <= norm * (1.01 if len(shape) == 2 or shape[:2] == (1, 1) else 1.6), name


def test_bound_by_power_iteration_is_seen_to_fail(monkeypatch):
    def power_iteration(matrix):
        v = tf.ones([matrix.shape[-1], 1], matrix.dtype)
        for _ in range(5):
            u = tf.linalg.normalize(matrix @ v)[0]
            v = tf.linalg.normalize(tf.transpose(matrix) @ u)[0]
        return tf.reduce_sum(u * (matrix @ v))

    monkeypatch.setattr(spectral, "norm_bound", power_iteration)
    with pytest.raises(AssertionError):
        test_bound_is_never_below_the_norm_and_is_close_to_that_of_the_circular_map((7, 4), "float64")


def test_convolution_that_wraps_around_is_seen_to_fail(monkeypatch):
    # On a circle of the map's own two rows, the outer entries of this kernel would cancel the one in the middle.
    kernel = tf.reshape(tf.constant([-0.5, 0.0, 1.0, 0.0, -0.5]), [5, 1, 1, 1])
    units = tf.reshape(tf.eye(2), [2, 2, 1, 1])
    norm = np.linalg.norm(tf.reshape(tf.nn.conv2d(units, kernel, 1, "SAME"), [2, 2]), 2)
    assert norm == 1
    assert spectral.norm_bound_of_convolution(kernel, (2, 1)) >= norm
    phases = spectral._phases
    monkeypatch.setattr(spectral, "_phases", lambda size, space: phases(size, (space[0] - size[0] // 2, space[1])))
    assert spectral.norm_bound_of_convolution(kernel, (2, 1)) < 0.1


def test_gradient_of_the_bound_is_that_of_the_norm():
    random = np.random.default_rng(0)
    matrix = tf.constant(random.normal(size=(6, 4)) + 3 * np.outer(np.ones(6), [1.0, 0, 0, 0]))
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        bound = spectral.norm_bound(matrix)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    np.testing.assert_allclose(tape.gradient(bound, matrix), np.outer(left[:, 0], right[0]), atol=1e-6)


def test_kernel_of_zeros_has_a_finite_gradient():
    for kernel in (tf.zeros([4, 3]), tf.zeros([3, 3, 2, 3])):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            bound = (
                spectral.norm_bound(kernel)
                if kernel.shape.rank == 2
                else spectral.norm_bound_of_convolution(kernel, SPACE)
            )
        assert np.isfinite(tape.gradient(bound, kernel)).all()
        assert bound < 1e-6


def steepest(network, shape, points=60, reach=3.0):
    """The largest norm of the network's Jacobian at random points."""
    x = tf.constant(reach * np.random.default_rng(1).normal(size=(points, *shape)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = network(x)
    size = int(np.prod(shape))
    jacobian = tape.batch_jacobian(y, x, experimental_use_pfor=False)
    return np.linalg.norm(np.reshape(jacobian, [-1, size, size]), 2, axis=(1, 2)).max()


@pytest.mark.parametrize(("shape", "sizes"), [((3,), (1, 1, 1)), ((4, 4, 2), (3, 1, 3))], ids=str)
@pytest.mark.parametrize("preactivated", [False, True])
def test_network_is_a_contraction_however_large_its_weights_are(shape, sizes, preactivated, monkeypatch):
    with float64():
        network = LipschitzNet(shape[-1], width=6, sizes=sizes, lipschitz=0.9, preactivated=preactivated)
        network.build((None, *shape))
        for scale in (0.3, 3.0, 100.0):
            random = np.random.default_rng(0)
            for weight in network.trainable_variables:
                weight.assign(scale * random.normal(size=weight.shape))
            assert 0 < steepest(network, shape) <= 0.9
        # A mutant: kernels as they are.
        monkeypatch.setattr(
            LipschitzNet, "bounded_kernels", lambda self: [tf.convert_to_tensor(k) for k in self.kernels]
        )
        assert steepest(network, shape) > 1


@pytest.mark.parametrize("beta", [-3.0, 0.5, 4.0])
def test_slope_of_lipswish_is_at_most_1_and_comes_close(beta):
    x = tf.constant(np.linspace(-40, 40, 200_001))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = lipschitz.lipswish(x, tf.constant(beta, tf.float64))
    slopes = np.abs(tape.gradient(y, x))
    assert 0.9 < slopes.max() <= 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lipschitz": 1.0}, r"`lipschitz` to be in \(0, 1\)\. Received: lipschitz=1\.0"),
        ({"sizes": (2, 1)}, r"`sizes` to be two or more odd numbers.*Received: sizes=\(2, 1\)"),
        ({"sizes": (3,)}, r"`sizes` to be two or more odd numbers"),
    ],
)
def test_settings_without_a_contraction_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LipschitzNet(3, **{"width": 4, "sizes": (1, 1), **settings})
