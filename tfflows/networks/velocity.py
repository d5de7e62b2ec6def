"""Velocity field of a continuous flow: a perceptron whose every layer is gated and shifted by time."""

import keras
import tensorflow as tf


class ConcatSquash(keras.layers.Layer):
    """`dense(x) * sigmoid(gate(c)) + shift(c)`, where `c` is time and whatever else the layer is conditioned on.

    Source: Grathwohl et al., "FFJORD" (1810.01367), in the authors' code.
    """

    def __init__(self, units: int, *, condition_size: int):
        super().__init__()
        self.condition_size = condition_size
        self.dense = keras.layers.Dense(units)
        self.gate = keras.layers.Dense(units)
        self.shift = keras.layers.Dense(units, use_bias=False)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.gate.build((None, self.condition_size))
        self.shift.build((None, self.condition_size))

    def call(self, x, condition):
        return self.dense(x) * tf.sigmoid(self.gate(condition)) + self.shift(condition)


class VelocityMLP(keras.layers.Layer):
    """Perceptron of `(t, x, context)` with smooth activations, as the flow needs its derivatives.

    Args:
        outputs: Dimension of the data.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        context_size: Size of the context vector, which joins time in every layer; 0 for none.
        activation: Of the hidden layers: `"softplus"`, `"tanh"` or another smooth one of Keras.
    """

    def __init__(self, outputs: int, *, width: int, depth: int, context_size: int = 0, activation: str = "tanh"):
        super().__init__()
        sizes = [width] * depth + [outputs]
        self.squash = [ConcatSquash(size, condition_size=1 + context_size) for size in sizes]
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        size = input_shape[-1]
        for layer in self.squash:
            layer.build((None, size))
            layer.built = True
            size = layer.dense.units

    def call(self, t, x, context=None):
        condition = t if context is None else tf.concat([t, context], axis=-1)
        for layer in self.squash[:-1]:
            x = self.activation(layer(x, condition))
        return self.squash[-1](x, condition)
