"""Weight-normalised residual convolutional network: the conditioner of RealNVP on images."""

import keras
import tensorflow as tf


class WeightNormConv2D(keras.layers.Layer):
    """Convolution whose kernel is a direction times a gain for each output channel: `kernel = gain * v / ||v||`.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel.
        l2: Coefficient of the L2 penalty on the gains.

    Source: Salimans and Kingma, "Weight Normalization" (1602.07868), section 2; the penalty: 1605.08803, section 4.1.
    """

    def __init__(self, filters: int, kernel_size: int, *, l2: float = 0.0):
        super().__init__()
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


class ResidualBlock(keras.layers.Layer):
    """`x + conv(relu(conv(relu(x))))`, both convolutions 3 x 3."""

    def __init__(self, width: int, *, l2: float):
        super().__init__()
        self.first = WeightNormConv2D(width, 3, l2=l2)
        self.second = WeightNormConv2D(width, 3, l2=l2)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, x):
        return x + self.second(tf.nn.relu(self.first(tf.nn.relu(x))))


class ConvResNet(keras.layers.Layer):
    """3 x 3 convolution, residual blocks, and a 1 x 1 convolution that starts at zero.

    Args:
        outputs: Number of output channels.
        width: Number of feature maps.
        blocks: Number of residual blocks.
        patch: Works on blocks of patch x patch pixels, moved to channels and back: patch^2 times fewer positions.
        l2: Coefficient of the L2 penalty on the gains of the weight normalisation.
        context_size: Size of the context vector, which shifts each feature map; 0 for none.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 4.1.
    Differs from the paper: no batch normalisation inside the network, so that no event's score depends on another
    event.
    """

    def __init__(
        self, outputs: int, *, width: int, blocks: int, patch: int = 1, l2: float = 0.0, context_size: int = 0
    ):
        super().__init__()
        self.patch = patch
        self.context_size = context_size
        self.first = WeightNormConv2D(width, 3, l2=l2)
        self.condition = keras.layers.Dense(width, use_bias=False) if context_size else None
        self.blocks = [ResidualBlock(width, l2=l2) for _ in range(blocks)]
        # Without weight normalisation: a kernel of zeros has no direction.
        self.last = keras.layers.Conv2D(outputs * patch**2, 1, kernel_initializer="zeros")

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self.first.build((None, height // self.patch, width // self.patch, channels * self.patch**2))
        features = (None, height // self.patch, width // self.patch, self.first.filters)
        for block in self.blocks:
            block.build(features)
        self.last.build(features)
        if self.condition:
            self.condition.build((None, self.context_size))

    def call(self, x, context=None, seeds=None):
        x = self.first(x if self.patch == 1 else tf.nn.space_to_depth(x, self.patch))
        if self.condition:
            x += self.condition(context)[:, None, None, :]
        for block in self.blocks:
            x = block(x)
        x = self.last(tf.nn.relu(x))
        return x if self.patch == 1 else tf.nn.depth_to_space(x, self.patch)
