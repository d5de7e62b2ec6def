"""Encoders and decoders of autoencoders: between an event and a vector."""

from collections.abc import Sequence

import keras
import tensorflow as tf

STRIDE = 2  # of each stage


class Residual(keras.layers.Layer):
    """`x + conv(elu(conv(elu(x))))`, both convolutions 3 x 3."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = (
            keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=start)
            for start in ("he_normal", keras.initializers.VarianceScaling(0.1))
        )

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, x):
        return x + self.second(tf.nn.elu(self.first(tf.nn.elu(x))))


class Encoder(keras.layers.Layer):
    """A vector of features of a vector: dense layers.

    Args:
        outputs: Number of features, and units of each layer.
        depth: Number of dense layers.
        context_size: Size of the context vector, which is concatenated to the input; 0 for none.
    """

    def __init__(self, outputs: int, *, depth: int = 2, context_size: int = 0):
        super().__init__()
        self.outputs = outputs
        self.context_size = context_size
        self.dense = [keras.layers.Dense(outputs, "elu", kernel_initializer="he_normal") for _ in range(depth)]

    def build(self, input_shape):
        build_dense(self.dense, input_shape[-1] + self.context_size)

    def call(self, x, context=None):
        x = with_context(x, context)
        for dense in self.dense:
            x = dense(x)
        return x


class ConvEncoder(keras.layers.Layer):
    """A vector of features of an image: each stage halves the map and doubles its channels; a dense layer follows.

    Args:
        outputs: Number of features.
        width: Channels of the first stage.
        stages: Number of 4 x 4 convolutions of stride 2.
        blocks: Residual blocks after the last of them.
        context_size: Size of the context vector, which joins before the dense layer; 0 for none.
    """

    def __init__(self, outputs: int, *, width: int, stages: int = 2, blocks: int = 1, context_size: int = 0):
        super().__init__()
        self.outputs = outputs
        self.context_size = context_size
        widths = [width * 2**stage for stage in range(stages)]
        self.convs = [keras.layers.Conv2D(w, 4, STRIDE, padding="same", kernel_initializer="he_normal") for w in widths]
        self.blocks = [Residual(widths[-1]) for _ in range(blocks)]
        self.dense = keras.layers.Dense(outputs, "elu", kernel_initializer="he_normal")

    def build(self, input_shape):
        for conv in self.convs:
            conv.build(input_shape)
            input_shape = conv.compute_output_shape(input_shape)
        for block in self.blocks:
            block.build(input_shape)
        self.dense.build((None, tf.TensorShape(input_shape[1:]).num_elements() + self.context_size))

    def call(self, x, context=None):
        for number, conv in enumerate(self.convs):
            x = conv(x if number == 0 else tf.nn.elu(x))
        for block in self.blocks:
            x = block(x)
        x = tf.reshape(tf.nn.elu(x), [-1, self.dense.kernel.shape[0] - self.context_size])
        return self.dense(with_context(x, context))


class ConvDecoder(keras.layers.Layer):
    """Numbers for each pixel of a vector: the way back of `ConvEncoder`, to any height and width.

    The last layer starts at zero.

    Args:
        outputs: Numbers for each pixel.
        shape: Of the image, `(height, width, channels)`.
        features: Units of the first dense layer.
        width: Channels of the largest map but the image.
        stages: Number of 4 x 4 transposed convolutions of stride 2.
        blocks: Residual blocks before the first of them.
        context_size: Size of the context vector, which is concatenated to the input; 0 for none.
    """

    def __init__(
        self,
        outputs: int,
        *,
        shape: Sequence[int],
        features: int,
        width: int,
        stages: int = 2,
        blocks: int = 1,
        context_size: int = 0,
    ):
        super().__init__()
        self.context_size = context_size
        self.sizes = halved(shape, stages)
        channels = [width * 2**stage for stage in range(stages)]
        self.smallest = (*self.sizes[-1], channels[-1])
        sizes = (features, tf.TensorShape(self.smallest).num_elements())
        self.dense = [keras.layers.Dense(size, kernel_initializer="he_normal") for size in sizes]
        self.blocks = [Residual(channels[-1]) for _ in range(blocks)]
        self.convs = [
            keras.layers.Conv2DTranspose(width, 4, STRIDE, padding="same", kernel_initializer=start)
            for width, start in [*((w, "he_normal") for w in reversed(channels[:-1])), (outputs, "zeros")]
        ]

    def build(self, input_shape):
        build_dense(self.dense, input_shape[-1] + self.context_size)
        for block in self.blocks:
            block.build((None, *self.smallest))
        channels = self.smallest[-1]
        for conv in self.convs:
            conv.build((None, None, None, channels))
            channels = conv.filters

    def call(self, z, context=None):
        x = with_context(z, context)
        for dense in self.dense:
            x = tf.nn.elu(dense(x))
        x = tf.reshape(x, [-1, *self.smallest])
        for block in self.blocks:
            x = block(x)
        for conv, (height, width) in zip(self.convs, reversed(self.sizes[:-1]), strict=True):
            x = conv(tf.nn.elu(x))[:, :height, :width]
        return x


def halved(shape: Sequence[int], stages: int) -> list[tuple[int, int]]:
    """Height and width of an image and of the maps after each stage, rounded up."""
    sizes = [(shape[0], shape[1])]
    for _ in range(stages):
        sizes.append(tuple(-(-size // STRIDE) for size in sizes[-1]))
    return sizes


def build_dense(layers: Sequence[keras.layers.Dense], size: int) -> None:
    """Makes the weights of dense layers, one after another."""
    for dense in layers:
        dense.build((None, size))
        size = dense.units


def with_context(x: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
    """A vector with the context behind it."""
    return x if context is None else keras.ops.concatenate([x, context], axis=-1)
