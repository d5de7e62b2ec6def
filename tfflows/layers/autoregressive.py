"""Autoregressive layers: a masked network gives each entry the parameters of its scalar bijector."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors import ScalarTransformer
from tfflows.costs import Cost
from tfflows.errors import check_choice
from tfflows.layers.base import FlowLayer
from tfflows.networks import Network

ORDERS = ("natural", "reversed", "random")


class Autoregressive(FlowLayer):
    """A masked network gives the parameters of a scalar bijector for each entry, from the entries before it.

        parameters = network(x)
        inverse:  z = transformer(parameters).inverse(x), in one network pass
        forward:  one network pass in D steps with networks that have a `sweep`, such as `MADE`; else a pass for each
            entry

    Args:
        conditioner: Unbuilt network, masked by the degrees of the entries: `networks.MADE` for vectors. The layer makes
            its own copy.
        transformer: Scalar transformer, such as `BoundedAffine()` or `MixtureOfGaussians(10)`.
        order: `"natural"`, `"reversed"` or `"random"`.
        seed: Seed of a random order.

    Raises:
        InputError: `order` is none of these.

    Source: Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), section 3.
    Differs from the paper: nothing.
    """

    is_function_of_weights = True

    def __init__(
        self,
        *,
        conditioner: Network,
        transformer: ScalarTransformer,
        order: str = "natural",
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_choice("order", order, ORDERS)
        self.transformer = transformer
        self.order = order
        self.order_seed = seed
        self._conditioner = lambda: conditioner  # a template, whose state is not part of this layer

    @property
    def forward_cost(self) -> Cost:
        passes = "sequential" if self._conditioner().sweep else "D"
        return dataclasses.replace(self.transformer.forward_cost, passes=passes)

    def build(self, input_shape):
        self.degrees = self._degrees(tuple(input_shape[1:]))
        self.network = self._conditioner().sized(self.transformer.size * input_shape[-1], degrees=self.degrees)
        self.network.build(input_shape)

    def bijector(self, context=None, *, training=False, seeds=None):
        def transform(x):
            outputs = tf.cast(self.network(x, context, training=training, seeds=seeds), self.compute_dtype)
            *space, channels = self.degrees.shape
            return self.transformer(tf.reshape(outputs, [-1, *space, self.transformer.size, channels]))

        def entry(outputs, z):
            scalar = self.transformer(tf.cast(outputs, self.compute_dtype))
            return scalar.forward(z), scalar.forward_log_det_jacobian(z, event_ndims=0)

        if self.network.sweep is None:
            return bijectors.Autoregressive(transform, self.degrees)
        return bijectors.Autoregressive(transform, self.degrees, lambda z: self.network.sweep(z, context, entry))

    def _degrees(self, shape):
        return degrees(self.order, shape, seed=self.order_seed)


class AutoregressiveConv(Autoregressive):
    """An autoregressive layer over maps, `[height, width, channels]`, with a masked convolutional network.

    The order is row by row from the upper left pixel, and by channels within a pixel; or all of this reversed. The
    inverse takes one pass of the network, the forward direction `height * width * channels`.

        posterior of a VAE:  z = layer.bijector(context).inverse(z0), with z0 [batch, height, width, channels]

    Args:
        conditioner: Unbuilt network: `networks.MaskedConvNet`, whose context is a map, too.
        transformer: Scalar transformer, such as `Gated()`.
        order: `"natural"` or `"reversed"`.

    Raises:
        InputError: `order` is none of these.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4 and
    the authors' code, `ar_multiconv2d`.
    Differs from the authors' code: their order runs backwards through the raster and forwards through the channels.
    """

    def __init__(self, *, conditioner: Network, transformer: ScalarTransformer, order: str = "natural", **kwargs: Any):
        check_choice("order", order, ("natural", "reversed"))  # a random order has no convolution
        super().__init__(conditioner=conditioner, transformer=transformer, order=order, **kwargs)


def degrees(order: str, shape: tuple[int, ...], *, seed: int) -> np.ndarray:
    """The position of each entry of an event in an order, from 1; the natural order is row-major."""
    natural = np.arange(1, np.prod(shape) + 1)
    random = np.random.default_rng(seed).permutation(natural)
    return {"natural": natural, "reversed": natural[::-1], "random": random}[order].reshape(shape)
