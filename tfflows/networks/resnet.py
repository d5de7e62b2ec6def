"""Weight-normalized residual convolutional network: the conditioner of RealNVP on images."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.base import ShiftedByContext
from tfflows.networks.blocks import ResidualBlock
from tfflows.serialization import Configurable


class WeightNormConv2D(Configurable, keras.layers.Layer):
    """Convolution whose kernel is a direction times a gain for each output channel: `kernel = gain * v / ||v||`.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel.
        l2: Coefficient of the L2 penalty on the gains.

    Source: Salimans and Kingma, "Weight Normalization" (1602.07868), section 2; the penalty: 1605.08803, section 4.1.
    """

    def __init__(self, filters: int, kernel_size: int, *, l2: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.l2 = l2

    def build(self, input_shape):
        size = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        penalty = keras.regularizers.L2(self.l2)
        self.direction = self.add_weight(shape=size, initializer="he_normal", name="direction")
        self.gain = self.add_weight(shape=size[-1:], initializer="ones", regularizer=penalty, name="gain")
        self.bias = self.add_weight(shape=size[-1:], initializer="zeros", name="bias")

    def call(self, x):
        kernel = self.gain * tf.math.l2_normalize(self.direction, axis=[0, 1, 2])
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides=1, padding="SAME"), self.bias)


class ConvResNet(ShiftedByContext):
    """3 x 3 convolution, residual blocks, and a 1 x 1 convolution that starts at zero.

    Args:
        outputs: Number of output channels; None if the layer that owns the network sets it.
        width: Number of feature maps.
        blocks: Number of residual blocks.
        patch: Side of the square blocks of pixels that are moved to channels at the input and back at the output, which
            reduces the number of positions by a factor of patch^2.
        l2: Coefficient of the L2 penalty on the gains of the weight normalization.
        **kwargs: As in `Network`; the context vector shifts each feature map.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 4.1.
    Differs from the paper: no batch normalization inside the network, so that no event's density depends on another
    event; no skip connections from each block to the output. The authors' code also gives the network `relu` of
    `x` and of `-x`, here `x`.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        blocks: int,
        patch: int = 1,
        l2: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        self.width = width
        self.num_blocks = blocks
        self.patch = patch
        self.l2 = l2

    def build(self, input_shape):
        _, height, width, channels = input_shape
        divides = height % self.patch == 0 and width % self.patch == 0
        rule = "Expected `patch` to divide height and width at each scale."
        check(divides, rule, patch=self.patch, height=height, width=width)
        self.first = self._conv()
        self.condition = self.condition_layer(self.width)
        self.blocks = [ResidualBlock(self._conv(), self._conv()) for _ in range(self.num_blocks)]
        # Without weight normalization: a kernel of zeros has no direction.
        self.last = keras.layers.Conv2D(self.outputs * self.patch**2, 1, kernel_initializer="zeros")
        self.first.build((None, height // self.patch, width // self.patch, channels * self.patch**2))
        features = (None, height // self.patch, width // self.patch, self.width)
        for block in self.blocks:
            block.build(features)
        self.last.build(features)
        self.build_condition()

    def _conv(self) -> WeightNormConv2D:
        return WeightNormConv2D(self.width, 3, l2=self.l2)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = self.first(x if self.patch == 1 else tf.nn.space_to_depth(x, self.patch))
        x = self.shifted(x, context)
        for block in self.blocks:
            x = block(x)
        x = self.last(tf.nn.relu(x))
        return x if self.patch == 1 else tf.nn.depth_to_space(x, self.patch)
