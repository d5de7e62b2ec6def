"""Three convolutions: the conditioner of Glow on images."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.base import Network, ShiftedByContext


class ScaledConv2D(Network):
    """A convolution with a shift and a scale for each output channel: `(conv(x) + bias) * exp(3 * log_scale)`.

    Args:
        outputs: Number of output channels; None if the layer that owns the network sets it.
        kernel_size: Height and width of the kernel.
        kernel_initializer: Initializer of the kernel; zeros make a layer that starts at zero.

    Source: Kingma and Dhariwal, "Glow" (1807.03039): `conv2d` and `conv2d_zeros` of the authors' code; the factor 3
    makes the scale learn faster.
    Differs from the authors' code: bias and scale are not set from data, and kernels have He initialization instead
    of a standard deviation of 0.05, which needs that; no extra channel marks the edge of the image.
    """

    def __init__(
        self, outputs: int | None = None, *, kernel_size: int, kernel_initializer: str = "he_normal", **kwargs: Any
    ):
        super().__init__(outputs, **kwargs)
        self.kernel_size = kernel_size
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape):
        initial = {"kernel_initializer": self.kernel_initializer, "use_bias": False}
        self.conv = keras.layers.Conv2D(self.outputs, self.kernel_size, padding="same", **initial)
        self.conv.build(input_shape)
        shape = (self.outputs,)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")
        self.log_scale = self.add_weight(shape=shape, initializer="zeros", name="log_scale")

    def call(self, x, context=None, *, training=False, seeds=None):
        return (self.conv(x) + self.bias) * tf.exp(3 * self.log_scale)


class ConvNet(ShiftedByContext):
    """3 x 3, 1 x 1 and 3 x 3 convolution, of which the last starts at zero.

    Args:
        outputs: Number of output channels; None if the layer that owns the network sets it.
        width: Number of feature maps.
        **kwargs: As in `Network`; the context vector shifts each feature map.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 4 and the authors' code, `f`.
    Differs from the paper: see `ScaledConv2D`; the context, which the authors give only to the prior.
    """

    def __init__(self, outputs: int | None = None, *, width: int, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        self.width = width

    def build(self, input_shape):
        features = (*input_shape[:-1], self.width)
        self.first = ScaledConv2D(self.width, kernel_size=3)
        self.first.build(input_shape)
        self.condition = self.condition_layer(self.width)
        self.second = ScaledConv2D(self.width, kernel_size=1)
        self.last = ScaledConv2D(self.outputs, kernel_size=3, kernel_initializer="zeros")
        self.second.build(features)
        self.last.build(features)
        self.build_condition()

    def call(self, x, context=None, *, training=False, seeds=None):
        x = self.shifted(self.first(x), context)
        return self.last(tf.nn.relu(self.second(tf.nn.relu(x))))
