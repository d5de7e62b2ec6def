"""Layers that change the shape of an image, without weights: squeeze, split into columns, factor out, flatten."""

import math

import tensorflow_probability as tfp

from tfflows import bijectors
from tfflows.bijectors.multiscale import factored_shape, squeezed_shape
from tfflows.layers.base import FlowLayer

tfb = tfp.bijectors


class Squeeze(FlowLayer):
    """`bijectors.Squeeze`: from `[height, width, c]` to `[height / 2, width / 2, 4 * c]`."""

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Squeeze()

    def compute_output_shape(self, input_shape):
        return input_shape[0], *squeezed_shape(tuple(input_shape[1:]))


class SplitColumns(FlowLayer):
    """`bijectors.SplitColumns`: from `[height, width, c]` to `[height, width / 2, 2 * c]`."""

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.SplitColumns()

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.bijector().inverse_event_shape(input_shape[1:])


class JoinColumns(FlowLayer):
    """The inverse of `SplitColumns`."""

    def bijector(self, context=None, *, training=False, seeds=None):
        return tfb.Invert(bijectors.SplitColumns())

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.bijector().inverse_event_shape(input_shape[1:])


class FactorOut(FlowLayer):
    """`bijectors.FactorOut`: half of the channels go to the latent, the layers that follow see the other half."""

    def build(self, input_shape):
        self.shape = tuple(input_shape[1:])

    def compose(self, rest, context=None, **mode):
        return [bijectors.FactorOut(tfb.Chain(rest, name="rest"), self.shape)]

    def call(self, x, context=None):
        return x[..., : self.shape[-1] // 2]

    def compute_output_shape(self, input_shape):
        return input_shape[0], *factored_shape(tuple(input_shape[1:]))


class Flatten(FlowLayer):
    """`bijectors.Flatten`: the layers that follow see a vector."""

    def build(self, input_shape):
        self.shape = tuple(input_shape[1:])

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Flatten(self.shape)

    def compute_output_shape(self, input_shape):
        return input_shape[0], math.prod(input_shape[1:])
