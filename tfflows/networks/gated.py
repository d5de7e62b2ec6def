"""Gated convolutions: the residual blocks of Flow++."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.base import use
from tfflows.networks.dropout import drop
from tfflows.networks.policy import OwnPolicy
from tfflows.serialization import Configurable


def concat_elu(x: tf.Tensor) -> tf.Tensor:
    """`elu` of `x` and of `-x`, twice the channels."""
    return tf.nn.elu(tf.concat([x, -x], axis=-1))


def gate(x: tf.Tensor) -> tf.Tensor:
    """`a * sigmoid(b)`, where `a` and `b` are the halves of the channels."""
    value, gate = tf.split(x, 2, axis=-1)
    return value * tf.sigmoid(gate)


def convolution(outputs: int, size: int, *, gain: float = 1.0) -> keras.layers.Conv2D:
    """A convolution whose kernel starts at random, with `gain` times the variance that preserves that of its input."""
    start = keras.initializers.VarianceScaling(gain, mode="fan_in", distribution="truncated_normal")
    return keras.layers.Conv2D(outputs, size, padding="same", kernel_initializer=start)


class GatedConv(Configurable, keras.layers.Layer):
    """`x + gate(conv(e(conv(e(x)) + projection(e(c)))))`, with `gate(a, b) = a * sigmoid(b)` and e the `concat_elu`.

    Args:
        size: Height and width of the second convolution's kernel; 1 is pointwise.
        dropout: Dropout rate between the convolutions.
        context_channels: Number of channels of a map `c` of the same height and width; 0 for none.
    """

    def __init__(self, *, size: int, dropout: float, context_channels: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = size
        self.dropout = dropout
        self.context_channels = context_channels

    def build(self, input_shape):
        *space, filters = input_shape
        self.first = convolution(filters, 3)
        self.second = convolution(2 * filters, self.size, gain=0.01)
        self.projection = keras.layers.Conv2D(filters, 1) if self.context_channels else None
        for layer in (self.first, self.second):
            layer.build((*space, 2 * filters))
        if self.projection:
            self.projection.build((*space, 2 * self.context_channels))

    def call(self, x, context=None, *, training=False, seeds=None):
        hidden = self.first(concat_elu(x))
        if self.projection:
            hidden += self.projection(concat_elu(context))
        hidden = drop(concat_elu(hidden), self.dropout, training=training, seeds=seeds)
        return x + gate(self.second(hidden))


class ContextNet(OwnPolicy, Configurable, keras.layers.Layer):
    """Turns pixels into a context map for their dequantization noise: a convolution, then gated ones.

    The map has half the width of the image, as has the input of a flow that splits its columns.

    Args:
        width: Number of feature maps.
        blocks: Number of gated convolutions.
        dropout: Dropout rate.

    Source: the authors' code of Flow++ (1902.00275) for CIFAR-10.
    """

    def __init__(self, width: int, *, blocks: int = 3, dropout: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = width
        self.num_blocks = blocks
        self.dropout = dropout

    def build(self, input_shape):
        self.first = convolution(self.width, 3)
        self.blocks = [GatedConv(size=3, dropout=self.dropout) for _ in range(self.num_blocks)]
        _, height, width, channels = input_shape
        self.first.build((None, height, width // 2, 2 * channels))
        for block in self.blocks:
            block.build((None, height, width // 2, self.width))

    def call(self, x, *, training=False, seeds=None):
        height, width, channels = x.shape[1:]
        x = self.first(tf.reshape(x, [-1, height, width // 2, 2 * channels]))
        for number, block in enumerate(self.blocks):
            x = block(x, training=training, seeds=use(seeds, number))
        return x
