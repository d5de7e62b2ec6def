"""Densely connected convolutions: the networks of integer discrete flows."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.base import ShiftedByContext


class DenseNet(ShiftedByContext):
    """Layers that see the outputs of all layers before them, then a 3 x 3 convolution that starts at zero.

        x = [x, relu(conv3x3(relu(conv1x1(x))))], `depth` times;  y = conv3x3(x)

    Args:
        outputs: Number of output channels; None if the layer that owns the network sets it.
        width: Number of feature maps that all layers together add to the input.
        depth: Number of layers.
        levels: What the input is divided by: pixels have that many values.
        **kwargs: As in `Network`; the context vector shifts each feature map that the first layer adds.

    Raises:
        InputError: `width` is less than `depth`.

    Source: Hoogeboom et al., "Integer Discrete Flows and Lossless Compression" (1905.07376), and the authors' code,
    `DenseBlock`; the paper follows Huang et al., "Densely Connected Convolutional Networks" (1608.06993).
    Differs from the authors' code: the context; He initialization; pixels are scaled to [0, 1], where theirs are
    centered at 0.
    """

    def __init__(self, outputs: int | None = None, *, width: int, depth: int, levels: int = 1, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        rule = "Expected `width` to be `depth` or more, as each layer adds feature maps."
        check(1 <= depth <= width, rule, width=width, depth=depth)
        self.width = width
        self.depth = depth
        self.levels = levels

    def build(self, input_shape):
        *space, channels = input_shape
        added = [
            self.width * (place + 1) // self.depth - self.width * place // self.depth for place in range(self.depth)
        ]
        self.pointwise, self.growing = [], []
        for growth in added:
            start = {"kernel_initializer": "he_normal", "padding": "same"}
            self.pointwise.append(keras.layers.Conv2D(channels, 1, activation="relu", **start))
            self.growing.append(keras.layers.Conv2D(growth, 3, **start))
            for layer in (self.pointwise[-1], self.growing[-1]):
                layer.build((*space, channels))
            channels += growth
        self.condition = self.condition_layer(added[0])
        self.last = keras.layers.Conv2D(self.outputs, 3, padding="same", kernel_initializer="zeros")
        self.last.build((*space, channels))
        self.build_condition()

    def call(self, x, context=None, *, training=False, seeds=None):
        x /= self.levels
        for place, (pointwise, growing) in enumerate(zip(self.pointwise, self.growing, strict=True)):
            more = growing(pointwise(x))
            more = self.shifted(more, context) if place == 0 else more
            x = tf.concat([x, tf.nn.relu(more)], axis=-1)
        return self.last(x)
