"""The network of PixelCNN++, which can also compute one pixel after another."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.base import Network, use
from tfflows.networks.dropout import check_dropout
from tfflows.networks.shifted_conv import GatedResidual, ShiftedConv, put

Entry = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class PixelCNN(Network):
    """The outputs at each pixel depend on the pixels above it and to the left, and on the context.

    One stream of blocks sees the rows above; another sees the first and, in its own row, what is to the left.

    Args:
        outputs: Number of outputs at each pixel; None if the layer that owns the network sets it.
        width: Number of feature maps of each stream.
        blocks: Number of blocks of each stream.
        dropout: Dropout rate of the blocks.
        **kwargs: As in `Network`.

    Raises:
        InputError: `dropout` is out of range.

    Source: Salimans et al., "PixelCNN++" (1701.05517), and the authors' code.
    Differs from the paper: all blocks have the resolution of the image, so there are no short-cut connections; the
    first layer of the upper stream sees 2 x 3 pixels, in one convolution; there is no weight normalization, and the
    last layer starts at zero.
    """

    def __init__(self, outputs: int | None = None, *, width: int, blocks: int, dropout: float = 0.0, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        check_dropout(dropout)
        self.width = width
        self.num_blocks = blocks
        self.dropout = dropout

    def build(self, input_shape):
        *space, channels = input_shape
        settings = {"dropout": self.dropout, "context_size": self.context_size}
        self.above = [ShiftedConv(self.width, "down") for _ in range(2)]  # one for each stream
        self.left = ShiftedConv(self.width, "down_right")
        self.down = [GatedResidual("down", has_beside=False, **settings) for _ in range(self.num_blocks)]
        self.right = [GatedResidual("down_right", has_beside=True, **settings) for _ in range(self.num_blocks)]
        self.last = keras.layers.Dense(self.outputs, kernel_initializer="zeros")
        for layer in (*self.above, self.left):
            layer.build((*space, channels + 1))
        for layer in (*self.down, *self.right, self.last):
            layer.build((*space, self.width))

    def call(self, x, context=None, *, training=False, seeds=None):
        x = with_ones(x)
        above = tf.pad(x[:, :-1], [[0, 0], [1, 0], [0, 0], [0, 0]])
        down, right = (conv(above) for conv in self.above)
        right += self.left(shifted(x))
        for number, (one, other) in enumerate(zip(self.down, self.right, strict=True)):
            down = one(down, None, context, training=training, seeds=use(seeds, 2 * number))
            right = other(right, down, context, training=training, seeds=use(seeds, 2 * number + 1))
        return self.last(tf.nn.elu(right))

    def sweep(self, z: tf.Tensor, context: tf.Tensor | None, entry: Entry) -> tf.Tensor:
        """One pixel after another, each from the outputs that the pixels before it determine.

        Two rows of the inputs of each convolution are kept, so that a pixel takes one column of each product: all
        pixels together cost about one pass.

        Args:
            z: Latent, `[batch, height, width, channels]`.
            context: Context, `[batch, context_size]`; None for none.
            entry: Function from the outputs of one pixel, `[batch, outputs]`, and its latent, `[batch, channels]`, to
                the pixel, `[batch, channels]`.

        Returns:
            The pixels, `[batch, height, width, channels]`.
        """
        height = z.shape[1]

        def one_row(place, above, seen_down, seen_right, image):
            down, new_down = self._down(above, seen_down, context)
            row, new_right = self._right(tf.gather(z, place, axis=1), above[1], down, seen_right, context, entry)
            return place + 1, [above[1], with_ones(row)], new_down, new_right, image.write(place, row)

        empty = tf.zeros_like(z[:, 0])
        inputs = tf.zeros([tf.shape(z)[0], z.shape[2], 2 * self.width], z.dtype)
        seen = [[inputs, inputs] for _ in range(self.num_blocks)]
        image = tf.TensorArray(z.dtype, height, element_shape=empty.shape)
        state = 0, [tf.zeros_like(with_ones(empty))] * 2, seen, seen, image
        state = tf.while_loop(lambda place, *_: place < height, one_row, state, maximum_iterations=height)
        return tf.transpose(state[-1].stack(), [1, 0, 2, 3])

    def _down(self, above, seen, context):
        """What the second stream needs of a row of the first: its start, and the features after each block."""
        down, start = (conv.row(*above) for conv in self.above)
        features, new = [], []
        for block, its in zip(self.down, seen, strict=True):
            down, inputs = block.row(down, its, context)
            features.append(down)
            new.append(_like(inputs, its))
        return [start, *features], new

    def _right(self, z, above, down, seen, context, entry):
        """A row of pixels, `[batch, width, channels]`, and the inputs of the second stream's convolutions in it."""
        start, *features = down
        width, above = z.shape[1], shifted(above[:, None])[:, 0]

        def one_pixel(place, row, rows):
            left = shifted(with_ones(row)[:, None])[:, 0]
            x, new = start[:, place] + self.left.pixel(above, left, place), []
            for block, beside, old, now in zip(self.right, features, seen, rows, strict=True):
                x, inputs = block.pixel(x, beside[:, place], old, now, context, place)
                new.append(_like(inputs, now))
            pixel = entry(tf.cast(self.last(tf.nn.elu(x)), z.dtype), z[:, place])
            return place + 1, tf.ensure_shape(put(row, pixel, place), z.shape), new

        state = 0, tf.zeros_like(z), [[tf.zeros_like(one) for one in each] for each in seen]
        state = tf.while_loop(lambda place, *_: place < width, one_pixel, state, maximum_iterations=width)
        return state[1:]


def with_ones(x: tf.Tensor) -> tf.Tensor:
    """`x` with a channel of ones, by which a convolution tells the image from the zeros around it."""
    return tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)


def shifted(x: tf.Tensor) -> tf.Tensor:
    """A map whose every pixel is the one to its left, `[batch, height, width, channels]`."""
    return tf.pad(x[:, :, :-1], [[0, 0], [0, 0], [1, 0], [0, 0]])


def _like(tensors, others):
    """The tensors, with the static shapes of others."""
    return [tf.ensure_shape(one, other.shape) for one, other in zip(tensors, others, strict=True)]
