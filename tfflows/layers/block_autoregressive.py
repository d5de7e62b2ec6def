"""The layer of block neural autoregressive flows: it owns the weights of one monotone network."""

import itertools
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors import BlockAffine
from tfflows.bounds import soft_bound
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.layers.base import FlowLayer
from tfflows.networks.base import constant_of_all_graphs

LOG_BOUND = 10.0  # of the logarithms of weights: their squares are finite in float32
LEAST = 1e-3  # of the norms of rows at the start


class LogUniform(keras.initializers.RandomUniform):
    """The logarithm of a uniform number."""

    def __call__(self, shape, dtype=None):
        return keras.ops.log(super().__call__(shape, dtype))


class BlockAutoregressive(FlowLayer):
    """`bijectors.BlockAutoregressive`, with weight-normalized rows.

        row = exp(log_scale) * v / |v|,  v = [lower, exp(log_diagonal)]     all weights that lead into one unit

    A linear map of the context, which is not weight-normalized, is added to the hidden units of the first layer.

    Args:
        units: Number of units of each hidden layer for each entry.
        depth: Number of hidden layers.
        context_size: Size of the context vector; 0 for none.

    Raises:
        InputError: `units` or `depth` is less than 1.

    Source: De Cao et al., "Block Neural Autoregressive Flow" (1904.04676), section 3, with the authors' code,
    `MaskedWeight`, and its initial values.
    Differs from the paper: the logarithms of weights are bounded, as `soft_bound(w, 10)`; the gate starts at 1/2, where
    the authors' code draws it; all weights of a layer start with the same spread, where theirs depends on the row;
    the context is ours.
    """

    is_function_of_weights = True
    forward_cost = Cost("sequential", root_search=True)

    def __init__(self, *, units: int, depth: int = 1, context_size: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        check(units >= 1, "Expected `units` to be 1 or more.", units=units)
        check(depth >= 1, "Expected `depth` to be 1 or more.", depth=depth)
        self.units = units
        self.depth = depth
        self.context_size = context_size

    def build(self, input_shape):
        dimension = input_shape[-1]
        sizes = [1, *[self.units] * self.depth, 1]
        before = np.triu(np.ones([dimension, dimension]), 1)  # from entry j to entry i, if j < i
        self.mask = constant_of_all_graphs(before[:, None, :, None], self.compute_dtype)
        self.maps = [self._weights(place, dimension, *pair) for place, pair in enumerate(itertools.pairwise(sizes))]
        self.gate = self.add_weight(shape=(), initializer="zeros", name="gate")
        shape = (self.context_size, dimension * self.units)
        self.slopes = self.add_weight(shape=shape, initializer="glorot_uniform") if self.context_size else None

    def _weights(self, place, dimension, inputs, outputs):
        spread = math.sqrt(6 / (dimension * (inputs + outputs)))
        shapes = {
            "log_diagonal": ((dimension, inputs, outputs), uniform(spread)),
            "lower": ((dimension, inputs, dimension, outputs), uniform(spread)),
            "log_scale": ((dimension, outputs), LogUniform(LEAST, 1.0)),
            "bias": ((dimension, outputs), uniform(1 / math.sqrt(dimension * outputs))),
        }
        return {
            name: self.add_weight(shape=shape, initializer=initializer, name=f"{name}_{place}")
            for name, (shape, initializer) in shapes.items()
        }

    def bijector(self, context=None, *, training=False, seeds=None):
        affines = [self._affine(**weights) for weights in self.maps]
        if self.slopes is not None:
            moves = tf.cast(context, self.compute_dtype) @ tf.convert_to_tensor(self.slopes)
            first = affines[0]
            bias = first.bias + tf.reshape(moves, [-1, *first.bias.shape[1:]])
            affines[0] = BlockAffine(first.log_diagonal, first.lower, bias)
        return bijectors.BlockAutoregressive(affines, tf.convert_to_tensor(self.gate))

    def _affine(self, log_diagonal, lower, log_scale, bias):
        log_diagonal, lower = soft_bound(tf.convert_to_tensor(log_diagonal), LOG_BOUND), lower * self.mask
        squares = tf.reduce_sum(lower**2, axis=[0, 1]) + tf.reduce_sum(tf.exp(2 * log_diagonal), axis=1)
        log_factor = soft_bound(tf.convert_to_tensor(log_scale), LOG_BOUND) - 0.5 * tf.math.log(squares)
        bias = tf.convert_to_tensor(bias)[None]
        return BlockAffine(log_diagonal + log_factor[:, None], lower * tf.exp(log_factor), bias)


def uniform(spread: float) -> keras.initializers.Initializer:
    """Uniform numbers between `-spread` and `spread`."""
    return keras.initializers.RandomUniform(-spread, spread)
