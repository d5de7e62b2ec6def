"""Multilayer perceptron: the conditioner of flows on vectors."""

from typing import Any

import keras

from tfflows.networks.base import Network, with_context


class MLP(Network):
    """Dense hidden layers, then a dense output that starts at zero, so that a flow starts as the identity.

    Args:
        outputs: Size of the last axis of the output; None if the layer that owns the network sets it.
        width: Number of units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of the hidden layers.
        **kwargs: As in `Network`; the context vector is concatenated to the input.
    """

    def __init__(self, outputs: int | None = None, *, width: int, depth: int, activation: str = "relu", **kwargs: Any):
        super().__init__(outputs, **kwargs)
        self.width = width
        self.depth = depth
        self.activation = activation

    def build(self, input_shape):
        hidden = [
            keras.layers.Dense(self.width, self.activation, kernel_initializer="he_normal") for _ in range(self.depth)
        ]
        self.dense = [*hidden, keras.layers.Dense(self.outputs, kernel_initializer="zeros")]
        shape = (*input_shape[:-1], input_shape[-1] + self.context_size)
        for dense in self.dense:
            dense.build(shape)
            shape = dense.compute_output_shape(shape)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = with_context(x, context, self.context_size)
        for dense in self.dense:
            x = dense(x)
        return x
