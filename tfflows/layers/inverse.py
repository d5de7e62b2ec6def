"""A layer turned round."""

import tensorflow_probability as tfp

from tfflows.layers.base import FlowLayer

tfb = tfp.bijectors


class Inverse(FlowLayer):
    """The bijector of another layer with its two directions exchanged: what was cheap to score is cheap to draw.

        forward:  x = layer.inverse(z)
        inverse:  z = layer.forward(x)

    Args:
        layer: A layer that keeps the shape of its input.
    """

    def __init__(self, layer: FlowLayer):
        super().__init__()
        self.layer = layer
        self.forward_cost, self.inverse_cost = layer.inverse_cost, layer.forward_cost

    def build(self, input_shape):
        self.layer.build(input_shape)
        self.layer.built = True

    def bijector(self, context=None, seeds=None):
        return tfb.Invert(self.layer.bijector(context, seeds))
