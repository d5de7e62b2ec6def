"""Gated convolutions with self-attention: the conditioner of Flow++."""

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.dropout import check_dropout, drop
from tfflows.networks.gated import GatedConv, convolution, gate, use


class GatedAttention(keras.layers.Layer):
    """`x + gate(projection(attention(x + positions)))`: every position looks at every other, in several heads.

    Args:
        heads: Number of heads, a divisor of the number of channels.
        dropout: On what the heads return.
    """

    def __init__(self, *, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.dropout = dropout

    def build(self, input_shape):
        filters = input_shape[-1]
        self.queries_keys_values = keras.layers.Dense(3 * filters)
        start = keras.initializers.VarianceScaling(0.01, mode="fan_in")
        self.projection = keras.layers.Dense(2 * filters, kernel_initializer=start)
        for dense in (self.queries_keys_values, self.projection):
            dense.build(input_shape)

    def call(self, x, positions, seeds=None):
        height, width, filters = x.shape[1:]
        size = filters // self.heads
        split = tf.reshape(self.queries_keys_values(x + positions), [-1, height * width, 3, self.heads, size])
        queries, keys, values = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))  # each [batch, heads, place, size]
        weights = tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True) / size**0.5)
        seen = tf.transpose(tf.matmul(weights, values), [0, 2, 1, 3])
        seen = drop(tf.reshape(seen, [-1, height, width, filters]), self.dropout, seeds)
        return x + gate(self.projection(seen))


class AttentionBlock(keras.layers.Layer):
    """A gated convolution and, unless left out, gated attention; a layer normalisation after each."""

    def __init__(self, *, heads: int, dropout: float, context_channels: int, attention: bool):
        super().__init__()
        self.convolution = GatedConv(size=1, dropout=dropout, context_channels=context_channels)
        self.attention = GatedAttention(heads=heads, dropout=dropout) if attention else None
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(1 + attention)]

    def build(self, input_shape):
        for layer in (self.convolution, *([self.attention] if self.attention else []), *self.norms):
            layer.build(input_shape)

    def call(self, x, positions, context=None, seeds=None):
        x = self.norms[0](self.convolution(x, context, use(seeds, 1)))
        return self.norms[1](self.attention(x, positions, use(seeds, 2))) if self.attention else x


class AttentionNet(keras.layers.Layer):
    """3 x 3 convolution, blocks of gated convolution and self-attention, and a 3 x 3 convolution that starts at zero.

    Args:
        outputs: Number of output channels.
        width: Number of feature maps.
        blocks: Number of blocks.
        heads: Of the self-attention, a divisor of `width`.
        dropout: In training, inside the blocks.
        attention: Whether the blocks have any.
        context_size: Size of a context vector, which shifts each feature map; 0 for none.
        context_channels: Channels of a context map of the same height and width, which enters each block; 0 for none.

    Raises:
        InputError: `width` is no multiple of `heads`; `dropout` is out of range.

    Source: Ho et al., "Flow++" (1902.00275), section 3.2, and the authors' code.
    Differs from the paper: the convolutions start at random and the last at zero, where the authors' start is scaled
    by data.
    """

    def __init__(
        self,
        outputs: int,
        *,
        width: int,
        blocks: int,
        heads: int = 4,
        dropout: float = 0.0,
        attention: bool = True,
        context_size: int = 0,
        context_channels: int = 0,
    ):
        super().__init__()
        rule = f"Expected `width` to be a multiple of {heads}, the heads of the self-attention."
        check(width % heads == 0, rule, width=width)
        check_dropout(dropout)
        self.context_size = context_size
        self.context_channels = context_channels
        options = {"heads": heads, "dropout": dropout, "attention": attention, "context_channels": context_channels}
        self.first = convolution(width, 3)
        self.condition = keras.layers.Dense(width, use_bias=False) if context_size else None
        self.blocks = [AttentionBlock(**options) for _ in range(blocks)]
        self.last = keras.layers.Conv2D(outputs, 3, padding="same", kernel_initializer="zeros")

    def build(self, input_shape):
        features = (*input_shape[:-1], self.first.filters)
        start = keras.initializers.RandomNormal(stddev=0.01)
        self.positions = self.add_weight(shape=features[1:], initializer=start, name="positions")
        self.first.build(input_shape)
        if self.condition:
            self.condition.build((None, self.context_size))
        for layer in (*self.blocks, self.last):
            layer.build(features)

    def call(self, x, context=None, seeds=None):
        x = self.first(x)
        if self.condition:
            x += self.condition(context)[:, None, None, :]
        context = context if self.context_channels else None
        for number, block in enumerate(self.blocks):
            x = block(x, self.positions, context, use(seeds, number))
        return self.last(x)
