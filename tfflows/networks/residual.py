"""Residual networks with dropout: the conditioners of neural spline flows, on vectors and on images."""

from typing import Any

import keras

from tfflows.networks.base import ShiftedByContext, use
from tfflows.networks.blocks import ResidualBlock
from tfflows.networks.dropout import check_dropout


class ResidualNet(ShiftedByContext):
    """A dense layer over the last axis, residual blocks, and a dense layer that starts at zero.

    Args:
        outputs: Size of the last axis of the output; None if the layer that owns the network sets it.
        width: Number of units, or of feature maps.
        blocks: Number of residual blocks.
        convolutional: Whether the blocks' layers are 3 x 3 convolutions, for images, or dense, for vectors.
        dropout: Fraction of the units of each block that training drops, with a seed for each row, in [0, 1).
        **kwargs: As in `Network`; the context vector shifts the units before the first block.

    Raises:
        InputError: `dropout` is out of range.

    Source: Durkan et al., "Neural Spline Flows" (1906.04032): `ResidualNet` and `ConvResidualNet` of the authors' code.
    Differs from the authors' code: no batch normalization, so that no event's density depends on another event; the
    context does not gate the blocks.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        blocks: int,
        convolutional: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        check_dropout(dropout)
        self.width = width
        self.num_blocks = blocks
        self.convolutional = convolutional
        self.dropout = dropout

    def build(self, input_shape):
        features = (*input_shape[:-1], self.width)
        self.first = keras.layers.Dense(self.width)
        self.condition = self.condition_layer(self.width)
        self.blocks = [self._block() for _ in range(self.num_blocks)]
        self.last = keras.layers.Dense(self.outputs, kernel_initializer="zeros")
        self.first.build(input_shape)
        for block in self.blocks:
            block.build(features)
        self.last.build(features)
        self.build_condition()

    def _block(self) -> ResidualBlock:
        small = keras.initializers.RandomUniform(-1e-3, 1e-3)
        first, second = (
            keras.layers.Conv2D(self.width, 3, padding="same", kernel_initializer=initial)
            if self.convolutional
            else keras.layers.Dense(self.width, kernel_initializer=initial)
            for initial in ("he_normal", small)
        )
        return ResidualBlock(first, second, dropout=self.dropout)

    def call(self, x, context=None, *, training=False, seeds=None):
        x = self.shifted(self.first(x), context)
        for number, block in enumerate(self.blocks):
            x = block(x, training=training, seeds=use(seeds, number))
        return self.last(x)
