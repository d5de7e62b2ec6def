"""Masked convolutions: MADE over the entries of a map, in raster order."""

from itertools import pairwise
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows.errors import check, check_choice
from tfflows.networks.base import Network, constant_of_all_graphs
from tfflows.networks.made import ACTIVATIONS, hidden_degrees
from tfflows.serialization import Configurable


class MaskedConv2D(Configurable, keras.layers.Layer):
    """3 x 3 convolution in which the weights outside a mask are 0: `conv(x, kernel * mask) + bias`.

    Args:
        mask: bool, `[3, 3, inputs, filters]`; a constant, not a weight.
        zeros: Whether the kernel starts at zero, else with the variance that suits a ReLU and the unmasked weights.
    """

    def __init__(self, mask: np.ndarray, *, zeros: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask = mask = np.asarray(mask, bool)
        random = keras.initializers.VarianceScaling(2 / mask.mean(), mode="fan_in", distribution="truncated_normal")
        self.kernel_initializer = "zeros" if zeros else random

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=self.mask.shape, initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=self.mask.shape[-1:], initializer="zeros", name="bias")
        self.multiplier = constant_of_all_graphs(self.mask, self.compute_dtype)

    def call(self, x):
        return tf.nn.bias_add(tf.nn.conv2d(x, self.kernel * self.multiplier, strides=1, padding="SAME"), self.bias)


class MaskedConvNet(Network):
    """Masked convolutions with `size` outputs for each entry of a map, which depend only on the entries before it.

    The order is row by row, and by channels within a pixel; or all of this reversed. Of the nine taps of a kernel,
    those on earlier pixels are unmasked and those on later pixels are masked; the center tap has the mask of MADE, by
    the degrees m of channels and feature maps:

        mask[i, j] = m[i] <= m[j]    into feature maps
        mask[i, j] = m[i] < m[j]     into outputs

    An entry sees the earlier pixels that `depth + 1` steps, each to the row above or one pixel to the left, can reach.
    The outputs are laid out so that a reshape to `[batch, height, width, size, channels]` gives each entry its numbers;
    they start at zero. The outputs of the first entry depend only on biases and the context.

    Args:
        outputs: `size * channels`; None if the layer that owns the network sets it.
        degrees: Integers `[height, width, channels]`: the position of each entry in the order, from 1, ascending or
            descending in row-major order. The layer that owns the network sets them.
        width: Number of feature maps of each hidden layer.
        depth: Number of hidden layers, 1 or more.
        activation: Activation of the hidden layers, one of `made.ACTIVATIONS`.
        context_channels: Number of channels of the context, a map `[batch, height, width, context_channels]`, which
            shifts the first hidden layer through a 1 x 1 convolution; 0 for none.
        **kwargs: As in `Network`; a context vector takes the place of the map, the same at every pixel.

    Raises:
        InputError: `degrees` is another order, `outputs` is not a multiple of the channels, `depth` is below 1, or
            `activation` is unknown.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934): the authors'
    code, `ar_multiconv2d` and `get_conv_ar_mask`.
    Differs from the authors' code: degrees of feature maps start at 0, so that the first channel, too, sees all earlier
    neighbors; theirs start at 1. There is no weight normalization and no data-dependent initialization, the last layer
    starts at zero, and the 1 x 1 convolution of the context is part of this network.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        depth: int,
        degrees: np.ndarray | None = None,
        activation: str = "elu",
        context_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        check_choice("activation", activation, ACTIVATIONS)
        check(depth >= 1, "Expected `depth` to be 1 or more.", depth=depth)
        self.degrees = degrees
        self.width = width
        self.depth = depth
        self.activation = keras.activations.get(activation)
        self.context_channels = context_channels

    def build(self, input_shape):
        space, width = tuple(input_shape[:-1]), self.width
        channels, backwards = raster(np.asarray(self.degrees))
        rule = "Expected `outputs` to be a multiple of the number of channels."
        check(self.outputs % len(channels) == 0, rule, outputs=self.outputs, channels=len(channels))
        size = self.context_channels or self.context_size
        self.condition = keras.layers.Conv2D(width, 1, use_bias=False) if size else None
        # Earlier pixels are to all feature maps what a context is to MADE: degree 0.
        seen = np.array([0, *channels])
        hidden = hidden_degrees("sorted", seen, len(channels), width=width, depth=self.depth, seed=0)
        centers = [low[:, None] <= high for low, high in pairwise([channels, *hidden])]
        self.hidden = [MaskedConv2D(kernel_mask(center, backwards=backwards)) for center in centers]
        center = hidden[-1][:, None] < np.tile(channels, self.outputs // len(channels))
        self.last = MaskedConv2D(kernel_mask(center, backwards=backwards), zeros=True)
        for conv in (*self.hidden, self.last):
            conv.build((*space, conv.mask.shape[2]))
        if self.condition:
            self.condition.build((*space, size))

    def call(self, x, context=None, *, training=False, seeds=None):
        first, *others = self.hidden
        x = first(x)
        if self.condition:
            x += self.condition(context if self.context_channels else context[:, None, None])
        for conv in others:
            x = conv(self.activation(x))
        return self.last(self.activation(x))


def raster(degrees: np.ndarray) -> tuple[np.ndarray, bool]:
    """The degrees of the channels, from 1, and whether the order runs backwards.

    Raises:
        InputError: `degrees` are not those of a map, in row-major order or its reverse.
    """
    order = np.arange(1, degrees.size + 1)
    forwards, backwards = (np.array_equal(degrees.ravel(), one) for one in (order, order[::-1]))
    rule = "Expected `degrees` of shape [height, width, channels], in row-major order or its reverse."
    check(degrees.ndim == 3 and (forwards or backwards), rule, degrees=degrees.tolist())
    return (degrees[0, 0], False) if forwards else (degrees[-1, -1], True)


def kernel_mask(center: np.ndarray, *, backwards: bool) -> np.ndarray:
    """The mask of a kernel, `[3, 3, inputs, filters]`, from that of its center tap, `[inputs, filters]`."""
    taps = np.zeros((3, 3, *center.shape), bool)
    taps[0] = taps[1, 0] = True  # the row above and the pixel to the left
    taps = taps[::-1, ::-1] if backwards else taps
    taps[1, 1] = center
    return taps
