"""Residual networks with dropout: the conditioners of neural spline flows, on vectors and on images."""

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.networks.dropout import check_dropout, drop


class DropoutBlock(keras.layers.Layer):
    """`x + second(dropout(relu(first(relu(x)))))`, dense or 3 x 3 convolutions; close to the identity at first.

    Args:
        width: Size of the last axis.
        convolutional: Whether the two layers are convolutions.
        dropout: Part of the units that training drops, in [0, 1).
    """

    def __init__(self, width: int, *, convolutional: bool, dropout: float):
        super().__init__()
        self.dropout = dropout
        small = keras.initializers.RandomUniform(-1e-3, 1e-3)
        self.first, self.second = (
            keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=initial)
            if convolutional
            else keras.layers.Dense(width, kernel_initializer=initial)
            for initial in ("he_normal", small)
        )

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, x, seeds=None):
        hidden = tf.nn.relu(self.first(tf.nn.relu(x)))
        return x + self.second(drop(hidden, self.dropout, seeds))


class ResidualNet(keras.layers.Layer):
    """A dense layer over the last axis, residual blocks, and a dense layer that starts at zero.

    Args:
        outputs: Size of the last axis of the output.
        width: Units, or feature maps.
        blocks: Number of residual blocks.
        convolutional: Whether the blocks' layers are 3 x 3 convolutions, for images, or dense, for vectors.
        dropout: Part of the units of each block that training drops, each row by its own seed, in [0, 1).
        context_size: Size of the context vector, which shifts the units before the first block; 0 for none.

    Raises:
        InputError: `dropout` is out of range.

    Source: Durkan et al., "Neural Spline Flows" (1906.04032): `ResidualNet` and `ConvResidualNet` of the authors' code.
    Differs from the authors' code: no batch normalisation, so that no event's score depends on another event; the
    context does not gate the blocks.
    """

    def __init__(
        self,
        outputs: int,
        *,
        width: int,
        blocks: int,
        convolutional: bool = False,
        dropout: float = 0.0,
        context_size: int = 0,
    ):
        super().__init__()
        check_dropout(dropout)
        self.context_size = context_size
        self.first = keras.layers.Dense(width)
        self.condition = keras.layers.Dense(width, use_bias=False) if context_size else None
        self.blocks = [DropoutBlock(width, convolutional=convolutional, dropout=dropout) for _ in range(blocks)]
        self.last = keras.layers.Dense(outputs, kernel_initializer="zeros")

    def build(self, input_shape):
        features = (*input_shape[:-1], self.first.units)
        self.first.build(input_shape)
        for block in self.blocks:
            block.build(features)
        self.last.build(features)
        if self.condition:
            self.condition.build((None, self.context_size))

    def call(self, x, context=None, seeds=None):
        x = self.first(x)
        if self.condition:
            x += tf.reshape(self.condition(context), [-1, *[1] * (x.shape.rank - 2), x.shape[-1]])
        for number, block in enumerate(self.blocks):
            x = block(x, None if seeds is None else noise.fold_in(seeds, number))
        return self.last(x)
