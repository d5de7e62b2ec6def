"""Three convolutions: the conditioner of Glow on images."""

import keras
import tensorflow as tf


class ScaledConv2D(keras.layers.Layer):
    """A convolution with a shift and a scale for each output channel: `(conv(x) + bias) * exp(3 * log_scale)`.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel.
        kernel_initializer: Of the kernel; zeros make a layer that starts at zero.

    Source: Kingma and Dhariwal, "Glow" (1807.03039): `conv2d` and `conv2d_zeros` of the authors' code; the factor 3
    makes the scale learn faster.
    Differs from the authors' code: bias and scale are not set from data, and kernels start as He's and not with a
    deviation of 0.05, which needs that; no extra channel marks the edge of the image.
    """

    def __init__(self, filters: int, kernel_size: int, *, kernel_initializer: str = "he_normal"):
        super().__init__()
        initial = {"kernel_initializer": kernel_initializer, "use_bias": False}
        self.conv = keras.layers.Conv2D(filters, kernel_size, padding="same", **initial)

    def build(self, input_shape):
        self.conv.build(input_shape)
        shape = (self.conv.filters,)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")
        self.log_scale = self.add_weight(shape=shape, initializer="zeros", name="log_scale")

    def call(self, x, context=None, seeds=None):
        return (self.conv(x) + self.bias) * tf.exp(3 * self.log_scale)


class ConvNet(keras.layers.Layer):
    """3 x 3, 1 x 1 and 3 x 3 convolution, the last from zero.

    Args:
        outputs: Number of output channels.
        width: Number of feature maps.
        context_size: Size of the context vector, which shifts each feature map; 0 for none.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 4 and the authors' code, `f`.
    Differs from the paper: see `ScaledConv2D`; the context, which the authors give to the prior alone.
    """

    def __init__(self, outputs: int, *, width: int, context_size: int = 0):
        super().__init__()
        self.context_size = context_size
        self.first = ScaledConv2D(width, 3)
        self.condition = keras.layers.Dense(width, use_bias=False) if context_size else None
        self.second = ScaledConv2D(width, 1)
        self.last = ScaledConv2D(outputs, 3, kernel_initializer="zeros")

    def build(self, input_shape):
        features = (*input_shape[:-1], self.first.conv.filters)
        self.first.build(input_shape)
        self.second.build(features)
        self.last.build(features)
        if self.condition:
            self.condition.build((None, self.context_size))

    def call(self, x, context=None, seeds=None):
        x = self.first(x)
        if self.condition:
            x += self.condition(context)[:, None, None, :]
        return self.last(tf.nn.relu(self.second(tf.nn.relu(x))))
