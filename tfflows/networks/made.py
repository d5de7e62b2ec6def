"""MADE: a dense network with masks, in which each output sees only the inputs that come before it."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows.bounds import within_reach
from tfflows.errors import check, check_choice
from tfflows.networks.base import Network, constant_of_all_graphs, with_context
from tfflows.networks.blockwise import Blockwise, Entry
from tfflows.networks.triangular import TriangularProduct
from tfflows.serialization import Configurable

ACTIVATIONS = ("relu", "elu", "tanh", "softplus", "swish", "gelu")
HIDDEN = ("sorted", "random")


class MaskedDense(Configurable, keras.layers.Layer):
    """Dense layer in which the weights outside a mask are 0: `activation(x @ (kernel * mask) + bias)`.

    Args:
        mask: bool, `[inputs, units]`; a constant, not a weight.
        activation: Activation of the units; None for none.
        kernel_initializer: Initializer of the kernel.
    """

    def __init__(self, mask: np.ndarray, activation: str | None = None, *, kernel_initializer: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask = np.asarray(mask, bool)
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=self.mask.shape, initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=self.mask.shape[1:], initializer="zeros", name="bias")
        self.allowed = constant_of_all_graphs(self.mask, "bool")  # a quarter of the size of a float32 in an export
        triangular = TriangularProduct(self.mask)
        self.product = triangular if triangular.is_worthwhile else self.plain_product

    @property
    def multiplier(self) -> tf.Tensor:
        """1 where the mask is True, else 0."""
        return tf.cast(self.allowed, self.compute_dtype)

    def call(self, x):
        return self.activation(self.product(x, tf.convert_to_tensor(self.kernel)) + self.bias)

    def plain_product(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The reference: one product with the whole matrix."""
        return x @ (kernel * self.multiplier)


class MADE(Network):
    """Masked network with `size * dimension` outputs, of which those of entry d depend only on the entries before d.

    Every unit has a degree, m. An input has the position of its entry in the order, from 1; a context has 0, so that
    all units see it. A unit of degree m sees units of degrees up to m, and an output of degree m sees units below m:

        mask[i, j] = m[i] <= m[j]    into hidden units
        mask[i, j] = m[i] < m[j]     into outputs

    Masks are constants. The outputs are laid out so that a reshape to `[batch, size, dimension]` gives each entry its
    `size` numbers; they start at zero.

    Args:
        outputs: `size * dimension`; None if the layer that owns the network sets it.
        degrees: Integers `[dimension]`, the position of each entry in the order, from 1; entries with the same position
            do not see each other. The layer that owns the network sets them.
        width: Number of units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of the hidden layers, one of ACTIVATIONS.
        hidden: Degrees of hidden units: `"sorted"`, spread evenly; `"random"`, uniform from the least degree of the
            layer before; or an array `[width]` for each layer.
        seed: Seed of random degrees.
        **kwargs: As in `Network`; the context vector is concatenated to the input.

    Raises:
        InputError: `outputs` is not a multiple of the dimension; `activation` or `hidden` is unknown.

    Source: Germain et al., "MADE" (1502.03509), sections 3 and 4.
    Differs from the paper: there are no direct connections from inputs to outputs, and only one order. Inputs are
    clipped to [-10, 10], so that samples stay finite. With a context, or a single entry, hidden units may have
    degree 0: the first entry's parameters depend on the context through them.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        depth: int,
        degrees: np.ndarray | None = None,
        activation: str = "relu",
        hidden: str | Sequence[np.ndarray] = "sorted",
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        check_choice("activation", activation, ACTIVATIONS)
        if isinstance(hidden, str):
            check_choice("hidden", hidden, HIDDEN)
        self.degrees = degrees
        self.hidden = lambda: hidden  # in a closure: arrays are not state
        self.activation = activation
        self.settings = {"width": width, "depth": depth, "seed": seed}

    def build(self, input_shape):
        degrees, hidden = np.asarray(self.degrees), self.hidden()
        dimension, outputs = len(degrees), self.outputs
        rule = "Expected `outputs` to be a multiple of the number of entries."
        check(outputs % dimension == 0, rule, outputs=outputs, entries=dimension)
        inputs = np.concatenate([degrees, np.zeros(self.context_size, int)])
        if isinstance(hidden, str):
            hidden = hidden_degrees(hidden, inputs, int(max(degrees)), **self.settings)
        of_outputs = np.tile(degrees, outputs // dimension)
        self.dense = masked_layers(inputs, hidden, of_outputs, self.activation)
        # Made when it is first needed: entries may share a position in a network that is never swept.
        self.blockwise = functools.cache(lambda: Blockwise(self.dense, [inputs, *hidden, of_outputs], dimension))

    def call(self, x, context=None, *, training=False, seeds=None):
        x = with_context(within_reach(x), context, self.context_size)
        for dense in self.dense:
            x = dense(x)
        return x

    def sweep(self, z: tf.Tensor, context: tf.Tensor | None, entry: Entry) -> tuple[tf.Tensor, tf.Tensor]:
        """One entry after another, each from the outputs that the entries before it determine: see `Blockwise`.

        Raises:
            InputError: Two entries have the same position in the order.
        """
        return self.blockwise()(z, context if self.context_size else None, entry)


def masked_layers(
    inputs: np.ndarray, hidden: Sequence[np.ndarray], outputs: np.ndarray, activation: str
) -> list[MaskedDense]:
    """Built layers, the last of which starts at zero, from the degrees of inputs, hidden units and outputs."""
    layers = []
    for seeing in map(np.asarray, hidden):
        layers.append(MaskedDense(inputs[:, None] <= seeing[None], activation, kernel_initializer="he_normal"))
        inputs = seeing
    layers.append(MaskedDense(inputs[:, None] < outputs[None], kernel_initializer="zeros"))
    for layer in layers:
        layer.build((None, layer.mask.shape[0]))
    return layers


def hidden_degrees(kind: str, inputs: np.ndarray, last: int, *, width: int, depth: int, seed: int) -> list[np.ndarray]:
    """Degrees of the hidden units of each layer, all below `last`, the degree of the last output.

    Args:
        kind: `"sorted"` or `"random"`.
        inputs: Degrees of the inputs; the least of them is the least of the hidden units, if it is below `last`.
        last: The highest degree of an output.
        width: Number of units of each layer.
        depth: Number of layers.
        seed: Seed of random degrees.
    """
    check_choice("hidden", kind, HIDDEN)
    random = np.random.default_rng(seed)
    layers, least = [], min(int(inputs.min()), last - 1)
    for _ in range(depth):
        if kind == "sorted":
            layers.append(least + np.arange(width) * (last - least) // width)
        else:
            layers.append(random.integers(least, last, width))
            least = int(layers[-1].min())
    return layers
