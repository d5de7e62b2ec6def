"""Gated convolutions with self-attention: the conditioner of Flow++."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.base import ShiftedByContext, use
from tfflows.networks.dropout import check_dropout, drop
from tfflows.networks.gated import GatedConv, convolution, gate
from tfflows.serialization import Configurable


class GatedAttention(Configurable, keras.layers.Layer):
    """`x + gate(projection(attention(x + positions)))`: every position attends to every other, in several heads.

    Args:
        heads: Number of heads, a divisor of the number of channels.
        dropout: Dropout rate of what the heads return.
    """

    def __init__(self, *, heads: int, dropout: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads
        self.dropout = dropout

    def build(self, input_shape):
        filters = input_shape[-1]
        self.queries_keys_values = keras.layers.Dense(3 * filters)
        start = keras.initializers.VarianceScaling(0.01, mode="fan_in")
        self.projection = keras.layers.Dense(2 * filters, kernel_initializer=start)
        for dense in (self.queries_keys_values, self.projection):
            dense.build(input_shape)

    def call(self, x, positions, *, training=False, seeds=None):
        height, width, filters = x.shape[1:]
        size = filters // self.heads
        split = tf.reshape(self.queries_keys_values(x + positions), [-1, height * width, 3, self.heads, size])
        queries, keys, values = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))  # each [batch, heads, place, size]
        weights = tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True) / size**0.5)
        seen = tf.transpose(tf.matmul(weights, values), [0, 2, 1, 3])
        seen = tf.reshape(seen, [-1, height, width, filters])
        seen = drop(seen, self.dropout, training=training, seeds=seeds)
        return x + gate(self.projection(seen))


class AttentionBlock(Configurable, keras.layers.Layer):
    """A gated convolution and, unless left out, gated attention; each is followed by layer normalization.

    Args:
        heads: Number of heads of the attention.
        dropout: Dropout rate.
        context_channels: Number of channels of a context map; 0 for none.
        attention: Whether there is attention.
    """

    def __init__(self, *, heads: int, dropout: float, context_channels: int, attention: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = {"heads": heads, "dropout": dropout}
        self.context_channels = context_channels
        self.has_attention = attention

    def build(self, input_shape):
        dropout = self.settings["dropout"]
        self.convolution = GatedConv(size=1, dropout=dropout, context_channels=self.context_channels)
        self.attention = GatedAttention(**self.settings) if self.has_attention else None
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(1 + self.has_attention)]
        for layer in (self.convolution, *([self.attention] if self.attention else []), *self.norms):
            layer.build(input_shape)

    def call(self, x, positions, context=None, *, training=False, seeds=None):
        x = self.norms[0](self.convolution(x, context, training=training, seeds=use(seeds, 1)))
        if self.attention is None:
            return x
        return self.norms[1](self.attention(x, positions, training=training, seeds=use(seeds, 2)))


class AttentionNet(ShiftedByContext):
    """3 x 3 convolution, blocks of gated convolution and self-attention, and a 3 x 3 convolution that starts at zero.

    Args:
        outputs: Number of output channels; None if the layer that owns the network sets it.
        width: Number of feature maps.
        blocks: Number of blocks.
        heads: Number of heads of the self-attention, a divisor of `width`.
        dropout: Dropout rate inside the blocks.
        attention: Whether the blocks have self-attention.
        context_channels: Number of channels of a context map of the same height and width, which enters each block; 0
            for none.
        **kwargs: As in `Network`; the context vector shifts each feature map.

    Raises:
        InputError: `width` is not a multiple of `heads`; `dropout` is out of range.

    Source: Ho et al., "Flow++" (1902.00275), section 3.2, and the authors' code.
    Differs from the paper: the convolutions are initialized at random and the last at zero, where the authors scale
    their initialization by data.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        blocks: int,
        heads: int = 4,
        dropout: float = 0.0,
        attention: bool = True,
        context_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        rule = f"Expected `width` to be a multiple of {heads}, the heads of the self-attention."
        check(width % heads == 0, rule, width=width)
        check_dropout(dropout)
        self.width = width
        self.num_blocks = blocks
        self.context_channels = context_channels
        self.settings = {"heads": heads, "dropout": dropout, "attention": attention}

    def build(self, input_shape):
        self.first = convolution(self.width, 3)
        self.condition = self.condition_layer(self.width)
        settings = {**self.settings, "context_channels": self.context_channels}
        self.blocks = [AttentionBlock(**settings) for _ in range(self.num_blocks)]
        self.last = keras.layers.Conv2D(self.outputs, 3, padding="same", kernel_initializer="zeros")
        features = (*input_shape[:-1], self.width)
        self.positions = None  # without attention, a convolution would not use them
        if self.settings["attention"]:
            start = keras.initializers.RandomNormal(stddev=0.01)
            self.positions = self.add_weight(shape=features[1:], initializer=start, name="positions")
        self.first.build(input_shape)
        self.build_condition()
        for layer in (*self.blocks, self.last):
            layer.build(features)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = self.shifted(self.first(x), context)
        context = context if self.context_channels else None
        for number, block in enumerate(self.blocks):
            x = block(x, self.positions, context, training=training, seeds=use(seeds, number))
        return self.last(x)
