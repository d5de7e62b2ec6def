"""Autoregressive layers: a masked network gives each entry the parameters of its scalar bijector."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors.elementwise import Elementwise
from tfflows.errors import check_choice
from tfflows.layers.base import FlowLayer

ORDERS = ("natural", "reversed", "random")


class Autoregressive(FlowLayer):
    """A masked network of the entries before gives the parameters of a scalar bijector for each entry.

        parameters = network(x)
        inverse:  z = family(parameters).inverse(x), in one pass of the network; the way back takes one for each entry

    Args:
        network: From a number of outputs and the degrees of the entries to a Keras layer `(x, context, seeds) ->
            [batch, ..., outputs]`, masked as those degrees say: `networks.MADE` for vectors. Outputs are counted for
            the last axis of the event, and degrees have the event's shape.
        family: Of scalar bijectors, such as `BoundedAffine()` or `MixtureOfGaussians(10)`.
        order: `"natural"`, `"reversed"` or `"random"`.
        seed: Of a random order.

    Raises:
        InputError: `order` is none of these.

    Source: Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), section 3.
    Differs from the paper: nothing.
    """

    def __init__(
        self,
        *,
        network: Callable[[int, np.ndarray], keras.layers.Layer],
        family: Elementwise,
        order: str = "natural",
        seed: int = 0,
    ):
        super().__init__()
        check_choice("order", order, ORDERS)
        self.make_network = network
        self.family = family
        self.order = order
        self.order_seed = seed

    @property
    def forward_cost(self):
        passes = "a network pass for each of the entries"
        return f"{passes}, with {self.family.forward_cost}" if self.family.forward_cost else passes

    def build(self, input_shape):
        self.degrees = degrees(self.order, input_shape[1:], seed=self.order_seed)
        self.network = self.make_network(self.family.size * input_shape[-1], self.degrees)
        self.network.build(input_shape)

    def bijector(self, context=None, seeds=None):
        def transform(x):
            outputs = tf.cast(self.network(x, context, seeds), self.compute_dtype)
            *space, channels = self.degrees.shape
            return self.family(tf.reshape(outputs, [-1, *space, self.family.size, channels]))

        return bijectors.Autoregressive(transform, self.degrees)


class AutoregressiveConv(Autoregressive):
    """An autoregressive layer over maps, `[height, width, channels]`, with a masked convolutional network.

    The order is that of the raster, row by row from the upper left pixel, and of the channels within a pixel; or all of
    it backwards. The inverse takes one pass of the network, the way back `height * width * channels`.

        posterior of a VAE:  z = layer.bijector(context).inverse(z0), with z0 [batch, height, width, channels]

    Args:
        network: From a number of outputs for each pixel and the degrees of the entries, of the map's shape, to a Keras
            layer `(x, context, seeds) -> [batch, height, width, outputs]`: `networks.MaskedConvNet`. Its context is a
            map, too.
        family: Of scalar bijectors, such as `Gated()`.
        order: `"natural"` or `"reversed"`.

    Raises:
        InputError: `order` is none of these.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4 and
    the authors' code, `ar_multiconv2d`.
    Differs from the authors' code: their order runs backwards through the raster and forwards through the channels.
    """

    def __init__(
        self, *, network: Callable[[int, np.ndarray], keras.layers.Layer], family: Elementwise, order: str = "natural"
    ):
        check_choice("order", order, ("natural", "reversed"))  # a random order has no convolution
        super().__init__(network=network, family=family, order=order)


def degrees(order: str, shape: tuple[int, ...], *, seed: int) -> np.ndarray:
    """The place of each entry of an event in an order, from 1; the natural order is that of memory."""
    natural = np.arange(1, np.prod(shape) + 1)
    random = np.random.default_rng(seed).permutation(natural)
    return {"natural": natural, "reversed": natural[::-1], "random": random}[order].reshape(shape)
