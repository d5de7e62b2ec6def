"""The residual block of the zoo's networks, dense or convolutional."""

from typing import Any

import keras

from tfflows.networks.dropout import drop
from tfflows.serialization import Configurable


class ResidualBlock(Configurable, keras.layers.Layer):
    """`x + second(dropout(activation(first(activation(x)))))`, the pre-activation form.

    Args:
        first: Unbuilt Keras layer that keeps the shape of its input, dense or a convolution.
        second: Another one; with small initial weights, the block starts close to the identity.
        activation: Activation before each of the two layers.
        dropout: Fraction of the units that training drops, in [0, 1).

    Source: He et al., "Identity Mappings in Deep Residual Networks" (1603.05027), figure 1 (b).
    Differs from the paper: no batch normalization, so that no event's density depends on another event.
    """

    def __init__(
        self,
        first: keras.layers.Layer,
        second: keras.layers.Layer,
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.first = first
        self.second = second
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, x, *, training=False, seeds=None):
        hidden = self.activation(self.first(self.activation(x)))
        return x + self.second(drop(hidden, self.dropout, training=training, seeds=seeds))
