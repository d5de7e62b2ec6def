"""Velocity field of a continuous flow: a network whose every layer is gated and shifted by time."""

import functools
from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.base import Network, with_context
from tfflows.serialization import Configurable


class ConcatSquash(Configurable, keras.layers.Layer):
    """`dense(x) * sigmoid(gate(c)) + shift(c)`, where `c` is time and whatever else the layer is conditioned on.

    Args:
        units: Number of units.
        condition_size: Size of `c`.

    Source: Grathwohl et al., "FFJORD" (1810.01367): the authors' code for tables.
    Differs from the paper: there, `c` is concatenated to `x`.
    """

    map_of = keras.layers.Dense

    def __init__(self, units: int, *, condition_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.condition_size = condition_size

    def build(self, input_shape):
        self.dense = self.map_of(self.units, dtype=self.dtype_policy)
        self.gate = keras.layers.Dense(self.units, dtype=self.dtype_policy)
        self.shift = keras.layers.Dense(self.units, use_bias=False, dtype=self.dtype_policy)
        self.dense.build(input_shape)
        self.gate.build((None, self.condition_size))
        self.shift.build((None, self.condition_size))

    def call(self, x, condition):
        return self.dense(x) * tf.sigmoid(self.gate(condition)) + self.shift(condition)


class VelocityMLP(Network):
    """MLP of `(t, x, context)` with smooth activations, as the flow needs its derivatives.

    It does not compute in bfloat16, whose rounding errors an adaptive solver would follow in many small steps.

    Args:
        outputs: Dimension of the data; None if the layer that owns the network sets it.
        width: Number of units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of the hidden layers: `"softplus"`, `"tanh"` or another smooth one of Keras.
        **kwargs: As in `Network`, but `dtype` is `keras.config.floatx()` by default; the context vector joins time in
            every layer.
    """

    squash_layer = ConcatSquash

    def __init__(self, outputs: int | None = None, *, width: int, depth: int, activation: str = "tanh", **kwargs: Any):
        super().__init__(outputs, **{"dtype": keras.config.floatx(), **kwargs})
        self.width = width
        self.depth = depth
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        sizes, size = [self.width] * self.depth + [self.outputs], input_shape[-1]
        settings = {"condition_size": 1 + self.context_size, "dtype": self.dtype_policy}
        self.squash = [self.squash_layer(units, **settings) for units in sizes]
        for layer in self.squash:
            layer.build((*input_shape[:-1], size))
            size = layer.units

    def call(self, t, x, context=None):
        condition = with_context(t, context, self.context_size)
        for layer in self.squash[:-1]:
            x = self.activation(layer(x, condition))
        return self.squash[-1](x, condition)


class ConcatSquashConv(ConcatSquash):
    """`conv(x) * sigmoid(gate(c)) + shift(c)`: as `ConcatSquash`, for each feature map.

    Args:
        units: Number of feature maps.
        condition_size: Size of `c`.
    """

    map_of = staticmethod(functools.partial(keras.layers.Conv2D, kernel_size=3, padding="same"))

    def call(self, x, condition):
        gate, shift = (part(condition)[:, None, None] for part in (self.gate, self.shift))
        return self.dense(x) * tf.sigmoid(gate) + shift


class VelocityConvNet(VelocityMLP):
    """3 x 3 convolutions of `(t, x, context)` with smooth activations, for images; otherwise as `VelocityMLP`.

    Source: Grathwohl et al., "FFJORD" (1810.01367), appendix B.1.
    Differs from the paper: time gates and shifts the feature maps, where the paper concatenates it as a map.
    """

    squash_layer = ConcatSquashConv
