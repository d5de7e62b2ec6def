"""Upper bounds of the norms of linear maps, which hold exactly: by Gram iteration, for matrices and convolutions."""

import numpy as np
import tensorflow as tf

SQUARINGS = 6  # of the Gram matrix: the bound exceeds the norm of an n x n matrix by a factor of n**(1/256) at most
TINY = 1e-30  # of a squared Frobenius norm, so that a matrix of zeros has a bound and a gradient


def norm_bound(matrix: tf.Tensor) -> tf.Tensor:
    """An upper bound on the largest singular value of each matrix, `[..., rows, columns]`, real or complex; `[...]`.

        G_0 = M^H M,  G_{k+1} = (G_k / |G_k|)^2,  |G| the Frobenius norm
        |M|_2^2 = largest eigenvalue of G_0 <= exp(sum(log |G_k| / 2^k for k in 0..SQUARINGS))

    As the squarings converge to the projector on the leading singular vectors, the gradient treats it as a constant,
    as power iteration does with its vectors.

    Source: Delattre et al., "Efficient Bound of Lipschitz Constant for Convolutional Layers by Gram Iteration"
    (2305.16173).
    Differs from the paper: the gradient does not go through the iteration.
    """
    rows, columns = matrix.shape[-2:]
    first = tf.matmul(matrix, matrix, adjoint_a=True) if columns <= rows else tf.matmul(matrix, matrix, adjoint_b=True)
    gram, log_square = tf.stop_gradient(first), 0.0
    for k in range(SQUARINGS + 1):
        norm = tf.sqrt(tf.maximum(_sum_of_squares(gram), TINY))
        log_square += tf.math.log(norm) / 2**k
        gram = gram / tf.cast(norm, gram.dtype)[..., None, None]
        gram = tf.matmul(gram, gram) if k < SQUARINGS else gram
    projector = tf.math.conj(gram)
    along = tf.math.real(
        tf.reduce_sum(projector * first, axis=[-2, -1])
    )  # its derivative is that of |M|^2, up to scale
    relative = along / tf.stop_gradient(tf.maximum(along, TINY))
    return tf.exp(0.5 * log_square) * (1 + 0.5 * (relative - tf.stop_gradient(relative)))


def norm_bound_of_convolution(kernel: tf.Tensor, space: tuple[int, int]) -> tf.Tensor:
    """An upper bound on the norm of a convolution with zero padding, of the same size, on maps `[*space, inputs]`.

    It is a part of the circular convolution on maps that are larger by half a kernel, whose norm is the largest over
    the frequencies f of the norm of the matrix

        sum(exp(-2 pi i f . place) * kernel[place] for each place)

    Args:
        kernel: `[height, width, inputs, outputs]`, of odd height and width.
        space: Height and width of the maps.
    """
    *size, inputs, outputs = kernel.shape
    if tuple(size) == (1, 1):
        return norm_bound(kernel[0, 0])
    phases = _phases(tuple(size), space)
    flat = tf.reshape(kernel, [-1, inputs * outputs])
    real, imaginary = (tf.matmul(tf.constant(part, kernel.dtype), flat) for part in (phases.real, phases.imag))
    symbols = tf.reshape(tf.complex(real, imaginary), [-1, inputs, outputs])
    return tf.reduce_max(norm_bound(symbols))


def _phases(size, space):
    """`exp(-2 pi i f . place)` for half of the frequencies, `[frequencies, places]`: the others are conjugates."""
    height, width = (length + extent // 2 for length, extent in zip(space, size, strict=True))
    rows = np.exp(-2j * np.pi * np.outer(np.arange(height), np.arange(size[0])) / height)
    columns = np.exp(-2j * np.pi * np.outer(np.arange(width // 2 + 1), np.arange(size[1])) / width)
    return np.einsum("ai,bj->abij", rows, columns).reshape(-1, size[0] * size[1])


def _sum_of_squares(matrix):
    return tf.reduce_sum(tf.math.real(matrix * tf.math.conj(matrix)), axis=[-2, -1])
