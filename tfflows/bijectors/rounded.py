"""Shifts by whole numbers, which map integers to integers."""

import dataclasses

import tensorflow as tf

from tfflows.bijectors.elementwise import ScalarTransformer, Shift


@dataclasses.dataclass(frozen=True)
class RoundedShift(ScalarTransformer):
    """`z = x + round(levels * t)`: the integers are mapped onto themselves, and the log-det is 0.

    The gradient is the straight-through estimator, which ignores the rounding.

    Args:
        levels: Number of values of an entry: the unit of the parameter t.

    Source: Hoogeboom et al., "Integer Discrete Flows and Lossless Compression" (1905.07376), the section on integer
    discrete coupling, and the one on backpropagation through rounding.
    Differs from the paper: nothing.
    """

    levels: int

    size = 1

    def __call__(self, parameters):
        return Shift(-rounded(self.levels * parameters[..., 0, :]))


def rounded(x: tf.Tensor) -> tf.Tensor:
    """`round(x)`, with the derivative of `x`."""
    return tf.grad_pass_through(tf.round)(x)
