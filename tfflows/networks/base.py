"""The contract of networks, and the two ways in which they take a context vector."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import noise
from tfflows.errors import check
from tfflows.networks.policy import OwnPolicy
from tfflows.serialization import Configurable


class Network(OwnPolicy, Configurable, keras.layers.Layer):
    """A Keras layer `network(x, context, training=..., seeds=...)`, whose number of outputs its owner may set.

    Without `outputs` it is a template: the layer that owns it makes its own copy with `sized` when it is built, so one
    template may serve many layers. A subclass creates its sublayers in `build`, where they get the network's `dtype`.

    Args:
        outputs: Size of the last axis of the output; None if the layer that owns the network sets it.
        context_size: Size of the context vector; 0 for none.
        **kwargs: Keras' own arguments: `name`, `trainable` and `dtype`.
    """

    # A method `sweep(z, context, entry)` where the network can compute an autoregressive sequence one entry after
    # another, at less than a pass for each.
    sweep: Callable | None = None

    def __init__(self, outputs: int | None = None, *, context_size: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.outputs = outputs
        self.context_size = context_size

    def sized(self, outputs: int, **settings: Any) -> "Network":
        """An unbuilt copy with this number of outputs, and with other arguments of the constructor replaced."""
        config = {name: value for name, value in self.get_config().items() if name != "name"}
        return type(self).from_config({**config, "outputs": outputs, **settings})


class ShiftedByContext(Network):
    """A network in which a linear map of the context shifts each unit or feature map of the first layer."""

    def condition_layer(self, width: int) -> keras.layers.Layer | None:
        """The linear map; None without a context."""
        return keras.layers.Dense(width, use_bias=False) if self.context_size else None

    def build_condition(self) -> None:
        if self.condition is not None:
            self.condition.build((None, self.context_size))

    def shifted(self, x: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """`x`, `[batch, ..., width]`, shifted by the context, `[batch, context_size]`."""
        if self.condition is None:
            return x
        return x + tf.reshape(self.condition(context), [-1, *[1] * (x.shape.rank - 2), x.shape[-1]])


def with_context(x: tf.Tensor, context: tf.Tensor | None, size: int) -> tf.Tensor:
    """A vector with the context appended, unless the network takes none, which is `size` 0."""
    check(context is not None or not size, f"Expected a context of size {size}: the event has none.", context=context)
    return keras.ops.concatenate([x, context], axis=-1) if size else x


def constant_of_all_graphs(values: np.ndarray, dtype: str) -> tf.Tensor:
    """A constant that every graph captures, so that an export stores it once and not once per use."""
    with tf.init_scope():
        return tf.constant(values, dtype)


def build_dense(layers: list[keras.layers.Layer], size: int) -> None:
    """Makes the weights of dense layers, one after another."""
    for dense in layers:
        dense.build((None, size))
        size = dense.units


def use(seeds: tf.Tensor | None, number: int) -> tf.Tensor | None:
    """Seeds for one of several uses; None stays None."""
    return None if seeds is None else noise.fold_in(seeds, number)
