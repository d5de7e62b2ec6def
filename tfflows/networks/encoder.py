"""Encoders and decoders of autoencoders: between an event and a vector."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.base import Network, build_dense, with_context
from tfflows.networks.blocks import ResidualBlock

STRIDE = 2  # of each stage


class Encoder(Network):
    """Features of a vector, by dense layers.

    Args:
        outputs: Number of features, and of units of each layer.
        depth: Number of dense layers.
        **kwargs: As in `Network`; the context vector is concatenated to the input.
    """

    def __init__(self, outputs: int, *, depth: int = 2, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        self.depth = depth

    def build(self, input_shape):
        dense = (keras.layers.Dense(self.outputs, "elu", kernel_initializer="he_normal") for _ in range(self.depth))
        self.dense = list(dense)
        build_dense(self.dense, input_shape[-1] + self.context_size)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = with_context(x, context, self.context_size)
        for dense in self.dense:
            x = dense(x)
        return x


class ConvEncoder(Network):
    """Features of an image, as a vector: each stage halves the map and doubles its channels; a dense layer follows.

    Args:
        outputs: Number of features.
        width: Number of channels of the first stage.
        stages: Number of 4 x 4 convolutions of stride 2.
        blocks: Number of residual blocks after the last of them.
        **kwargs: As in `Network`; the context vector is concatenated before the dense layer.
    """

    def __init__(self, outputs: int, *, width: int, stages: int = 2, blocks: int = 1, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        self.widths = [width * 2**stage for stage in range(stages)]
        self.num_blocks = blocks

    def build(self, input_shape):
        random = {"kernel_initializer": "he_normal"}
        self.convs = [keras.layers.Conv2D(width, 4, STRIDE, padding="same", **random) for width in self.widths]
        self.blocks = [residual_block(self.widths[-1]) for _ in range(self.num_blocks)]
        self.dense = keras.layers.Dense(self.outputs, "elu", **random)
        for conv in self.convs:
            conv.build(input_shape)
            input_shape = conv.compute_output_shape(input_shape)
        for block in self.blocks:
            block.build(input_shape)
        self.flat_size = math.prod(input_shape[1:])
        self.dense.build((None, self.flat_size + self.context_size))

    def call(self, x, context=None, *, training=False, seeds=None):
        for number, conv in enumerate(self.convs):
            x = conv(x if number == 0 else tf.nn.elu(x))
        for block in self.blocks:
            x = block(x)
        x = tf.reshape(tf.nn.elu(x), [-1, self.flat_size])
        return self.dense(with_context(x, context, self.context_size))


class ConvDecoder(Network):
    """Parameters for each pixel, from a vector: the reverse of `ConvEncoder`, to any height and width.

    The last layer starts at zero.

    Args:
        outputs: Number of parameters for each pixel; None if the layer that owns the network sets it.
        shape: Shape of the image, `(height, width, channels)`.
        features: Number of units of the first dense layer.
        width: Number of channels of the largest map, other than the image.
        stages: Number of 4 x 4 transposed convolutions of stride 2.
        blocks: Number of residual blocks before the first of them.
        **kwargs: As in `Network`; the context vector is concatenated to the input.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        shape: Sequence[int],
        features: int,
        width: int,
        stages: int = 2,
        blocks: int = 1,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        self.sizes = halved(shape, stages)
        self.channels = [width * 2**stage for stage in range(stages)]
        self.smallest = (*self.sizes[-1], self.channels[-1])
        self.features = features
        self.num_blocks = blocks

    def build(self, input_shape):
        sizes = (self.features, math.prod(self.smallest))
        self.dense = [keras.layers.Dense(size, kernel_initializer="he_normal") for size in sizes]
        self.blocks = [residual_block(self.smallest[-1]) for _ in range(self.num_blocks)]
        self.convs = [
            keras.layers.Conv2DTranspose(width, 4, STRIDE, padding="same", kernel_initializer=start)
            for width, start in [*((w, "he_normal") for w in reversed(self.channels[:-1])), (self.outputs, "zeros")]
        ]
        build_dense(self.dense, input_shape[-1] + self.context_size)
        for block in self.blocks:
            block.build((None, *self.smallest))
        channels = self.smallest[-1]
        for conv in self.convs:
            conv.build((None, None, None, channels))
            channels = conv.filters

    def call(self, z, context=None, *, training=False, seeds=None):
        x = with_context(z, context, self.context_size)
        for dense in self.dense:
            x = tf.nn.elu(dense(x))
        x = tf.reshape(x, [-1, *self.smallest])
        for block in self.blocks:
            x = block(x)
        for conv, (height, width) in zip(self.convs, reversed(self.sizes[:-1]), strict=True):
            x = conv(tf.nn.elu(x))[:, :height, :width]
        return x


def residual_block(width: int) -> ResidualBlock:
    """A residual block of two 3 x 3 convolutions."""
    starts = "he_normal", keras.initializers.VarianceScaling(0.1)
    convs = (keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=start) for start in starts)
    return ResidualBlock(*convs, activation="elu")


def halved(shape: Sequence[int], stages: int) -> list[tuple[int, int]]:
    """Height and width of an image and of the maps after each stage, rounded up."""
    sizes = [(shape[0], shape[1])]
    for _ in range(stages):
        sizes.append(tuple(-(-size // STRIDE) for size in sizes[-1]))
    return sizes
