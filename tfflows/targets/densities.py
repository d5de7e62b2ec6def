"""Unnormalized log-densities in the plane: the four energies of the planar flow's paper, a banana and a funnel.

Each is a function of points `[..., 2]`, float32 or float64, and returns nats, `[...]`, differentiable everywhere.
"""

import math

import tensorflow as tf

EDGE, SOFTNESS = 4.0, 0.4  # where the wall around u2, u3 and u4 begins, and the scale of its Gaussian side
BEND, LONG, SHORT = 0.25, 2.0, 0.6  # of the banana
SPREAD = 3.0  # of the funnel's first entry


def u1(x: tf.Tensor) -> tf.Tensor:
    """The left and the right end of a ring of radius 2.

        log p(x) = -((|x| - 2) / 0.4)^2 / 2 + log(exp(-((x1 - 2) / 0.6)^2 / 2) + exp(-((x1 + 2) / 0.6)^2 / 2)) - log Z

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), table 1.
    Differs from the paper: nothing.
    """
    first = x[..., 0]
    radius = tf.sqrt(tf.reduce_sum(x**2, axis=-1) + 1e-12)  # the norm itself has no gradient at the center
    return _bell(radius - 2, 0.4) + _log_sum(_bell(first - 2, 0.6), _bell(first + 2, 0.6))


def u2(x: tf.Tensor) -> tf.Tensor:
    """A band along a sine.

        log p(x) = -((x2 - w1) / 0.4)^2 / 2 + wall(x1) - log Z,  w1 = sin(2 * pi * x1 / 4)

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), table 1.
    Differs from the paper: the wall. As printed, the band extends along x1 without end and has no finite Z; the paper
    shows |x1| below 4, where the wall is 0.
    """
    return _bell(x[..., 1] - _w1(x), 0.4) + _wall(x)


def u3(x: tf.Tensor) -> tf.Tensor:
    """A band along a sine that is split in two over a part of its length.

        log p(x) = log(exp(-((x2 - w1) / 0.35)^2 / 2) + exp(-((x2 - w1 + w2) / 0.35)^2 / 2)) + wall(x1) - log Z
        w2 = 3 * exp(-((x1 - 1) / 0.6)^2 / 2)

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), table 1.
    Differs from the paper: the wall, as in `u2`.
    """
    parting = 3 * tf.exp(_bell(x[..., 0] - 1, 0.6))
    off = x[..., 1] - _w1(x)
    return _log_sum(_bell(off, 0.35), _bell(off + parting, 0.35)) + _wall(x)


def u4(x: tf.Tensor) -> tf.Tensor:
    """A band along a sine that is split in two from one point on.

        log p(x) = log(exp(-((x2 - w1) / 0.4)^2 / 2) + exp(-((x2 - w1 + w3) / 0.35)^2 / 2)) + wall(x1) - log Z
        w3 = 3 * sigmoid((x1 - 1) / 0.3)

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), table 1.
    Differs from the paper: the wall, as in `u2`.
    """
    parting = 3 * tf.sigmoid((x[..., 0] - 1) / 0.3)
    off = x[..., 1] - _w1(x)
    return _log_sum(_bell(off, 0.4), _bell(off + parting, 0.35)) + _wall(x)


def banana(x: tf.Tensor) -> tf.Tensor:
    """A bent Gaussian.

        log p(x) = -(x1 / 2)^2 / 2 - ((x2 + 0.25 * (x1^2 - 4)) / 0.6)^2 / 2 - log Z,  Z = 2 * pi * 2 * 0.6

    Source: Haario et al., "Adaptive proposal distribution for random walk Metropolis algorithm" (1999), the twisted
    Gaussian.
    Differs from the paper: the scales; in two dimensions.
    """
    first, second = x[..., 0], x[..., 1]
    return _bell(first, LONG) + _bell(second + BEND * (first**2 - LONG**2), SHORT)


def funnel(x: tf.Tensor) -> tf.Tensor:
    """The first entry is the logarithm of the second one's variance.

        log p(x) = -(x1 / 3)^2 / 2 - x2^2 * exp(-x1) / 2 - x1 / 2 - log Z,  Z = 2 * pi * 3

    Source: Neal, "Slice sampling" (2003), section 8, with nine entries where there is one here.
    Differs from the paper: two dimensions instead of ten.
    """
    log_variance, second = x[..., 0], x[..., 1]
    return _bell(log_variance, SPREAD) - 0.5 * (second**2 * tf.exp(-log_variance) + log_variance)


LOG_Z = {"banana": math.log(2 * math.pi * LONG * SHORT), "funnel": math.log(2 * math.pi * SPREAD)}


def _bell(distance, scale):
    return -0.5 * (distance / scale) ** 2


def _log_sum(*log_values):
    return tf.reduce_logsumexp(tf.stack(log_values, axis=-1), axis=-1)


def _w1(x):
    return tf.sin(2 * math.pi * x[..., 0] / 4)


def _wall(x):
    """0 where |x1| is below `EDGE`, and the log-density of a Gaussian's side beyond it."""
    return _bell(tf.nn.relu(tf.abs(x[..., 0]) - EDGE), SOFTNESS)
