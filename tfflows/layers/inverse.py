"""A layer with its directions swapped."""

from typing import Any

import tensorflow_probability as tfp

from tfflows.layers.base import FlowLayer, build, check_needs_no_data

tfb = tfp.bijectors


class Inverse(FlowLayer):
    """Swaps the directions of another layer: if its density is cheap, sampling becomes cheap instead.

        forward:  x = layer.inverse(z)
        inverse:  z = layer.forward(x)

    Args:
        layer: A layer that keeps the shape of its input, without data-dependent weights or statistics.

    Raises:
        InputError: Weights of `layer` depend on data, such as those of `ActNorm`.
    """

    def __init__(self, layer: FlowLayer, **kwargs: Any):
        super().__init__(**kwargs)
        self.layer = layer
        self.estimates = layer.estimates
        self.forward_cost, self.inverse_cost = layer.inverse_cost, layer.forward_cost

    def build(self, input_shape):
        build(self.layer, input_shape)
        check_needs_no_data(self.layer, "`layer`")

    def bijector(self, context=None, *, training=False, seeds=None):
        return tfb.Invert(self.layer.bijector(context, training=training, seeds=seeds))
