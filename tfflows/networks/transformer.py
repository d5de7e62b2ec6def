"""Transformers over tokens: the block, and the network in which every token sees every other."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.base import ShiftedByContext
from tfflows.serialization import Configurable

EXPANSION = 4  # units of the MLP of a block, for each channel
EPSILON = 1e-5  # of layer normalization


class TransformerBlock(Configurable, keras.layers.Layer):
    """Attention and an MLP, each with layer normalization before it and a residual connection around it.

        x = x + projection(attention(norm(x)))
        x = x + contract(gelu(expand(norm(x))))

    Queries, keys and values have no bias: one of the keys would shift all logits of a query by the same number, and one
    of the values would add to that of the projection.

    Args:
        heads: Number of heads, a divisor of the number of channels.
        causal: Whether a token sees only itself and the tokens before it.
    """

    def __init__(self, *, heads: int, causal: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads
        self.causal = causal

    def build(self, input_shape):
        width = input_shape[-1]
        self.norms = [keras.layers.LayerNormalization(epsilon=EPSILON) for _ in range(2)]
        self.queries_keys_values = keras.layers.Dense(3 * width, use_bias=False)
        self.projection = keras.layers.Dense(width)
        self.expand = keras.layers.Dense(EXPANSION * width, activation="gelu")
        self.contract = keras.layers.Dense(width)
        for layer in (*self.norms, self.queries_keys_values, self.projection, self.expand):
            layer.build(input_shape)
        self.contract.build((*input_shape[:-1], EXPANSION * width))

    def call(self, x):
        queries, keys, values = self._heads(x)
        seen = keras.ops.dot_product_attention(queries, keys, values, is_causal=self.causal)
        return self._after(x, seen)

    def step(self, x: tf.Tensor, cache: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The output for the token at `place`, from its input and the keys and values of the tokens before it.

        Args:
            x: Input, `[batch, 1, width]`.
            cache: Keys and values, `[2, batch, tokens, heads, size]`.
            place: Position of the token, an integer.

        Returns:
            The output, `[batch, 1, width]`, and the cache with the keys and values of this token.
        """
        queries, *new = self._heads(x)
        places = tf.range(cache.shape[2])
        cache = tf.where((places == place)[:, None, None], tf.stack(new), cache)
        mask = (places <= place)[None, None, None]
        seen = keras.ops.dot_product_attention(queries, cache[0], cache[1], mask=mask)
        return self._after(x, seen), cache

    def _heads(self, x):
        """Queries, keys and values, `[batch, tokens, heads, size]` each."""
        tokens, width = x.shape[1:]
        split = self.queries_keys_values(self.norms[0](x))
        return tf.unstack(tf.reshape(split, [-1, tokens, 3, self.heads, width // self.heads]), axis=2)

    def _after(self, x, seen):
        x = x + self.projection(tf.reshape(seen, [-1, *x.shape[1:]]))
        return x + self.contract(self.expand(self.norms[1](x)))


class Transformer(ShiftedByContext):
    """The outputs of each token depend on all tokens, and on the context.

        outputs = last(norm(blocks(embedding(x) + positions + condition(context))))

    Args:
        outputs: Number of outputs for each token; None if the layer that owns the network sets it.
        width: Number of channels.
        layers: Number of blocks of attention and an MLP.
        heads: Number of heads of the attention, a divisor of `width`.
        **kwargs: As in `Network`; the context vector shifts all tokens.

    Raises:
        InputError: `width` is not a multiple of `heads`.

    Source: Kolesnikov et al., "Jet: A Modern Transformer-Based Normalizing Flow" (2412.15129), the vision transformer.
    Differs from the authors' code: queries, keys and values have no bias; positions start with a deviation of 0.02,
    theirs with `1 / sqrt(width)`; layer normalization adds 1e-5 to the variance, theirs 1e-6.
    """

    causal = False  # whether a token sees only itself and the tokens before it

    def __init__(self, outputs: int | None = None, *, width: int, layers: int, heads: int, **kwargs: Any):
        super().__init__(outputs, **kwargs)
        check(width % heads == 0, f"Expected `width` to be a multiple of {heads}, the heads.", width=width)
        self.width = width
        self.num_blocks = layers
        self.heads = heads

    def build(self, input_shape):
        features = (*input_shape[:-1], self.width)
        self.embedding = keras.layers.Dense(self.width)
        self.condition = self.condition_layer(self.width)
        near_zero = keras.initializers.RandomNormal(stddev=0.02)
        self.positions = self.add_weight(shape=features[1:], initializer=near_zero, name="positions")
        self.blocks = [TransformerBlock(heads=self.heads, causal=self.causal) for _ in range(self.num_blocks)]
        self.norm = keras.layers.LayerNormalization(epsilon=EPSILON)
        self.last = keras.layers.Dense(self.outputs, kernel_initializer="zeros")
        self.embedding.build(input_shape)
        self.build_condition()
        for layer in (*self.blocks, self.norm, self.last):
            layer.build(features)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = self.embedded(x, context) + tf.cast(self.positions, self.compute_dtype)
        for block in self.blocks:
            x = block(x)
        return self.last(self.norm(x))

    def embedded(self, x: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """The tokens and the context as features, without positions."""
        return self.shifted(self.embedding(x), context)
