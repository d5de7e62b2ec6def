"""A masked network of groups: the outputs of each group see only the inputs of the groups before it."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows.networks.base import with_context
from tfflows.networks.made import masked_layers
from tfflows.networks.policy import OwnPolicy
from tfflows.serialization import Configurable


class GroupedMADE(OwnPolicy, Configurable, keras.layers.Layer):
    """MADE for entries with several inputs and outputs each, such as categories in one-hot form.

    As in `MADE`, a unit of degree m sees units of degrees up to m, and an output of degree m units below m; all inputs
    and all outputs of group i have the degree i + 1, and the context has 0.

    Args:
        inputs: Number of inputs of each group.
        outputs: Number of outputs of each group.
        width: Number of units of each hidden layer.
        depth: Number of hidden layers.
        context_size: Size of the context vector; 0 for none.
        **kwargs: Keras' own arguments.

    Source: Germain et al., "MADE" (1502.03509), section 3.
    Differs from the paper: groups of entries, and degree 0 for the context and for hidden units that see nothing else.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        width: int,
        depth: int,
        context_size: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.inputs_of_groups, self.outputs_of_groups = list(inputs), list(outputs)
        self.width, self.depth, self.context_size = width, depth, context_size

    def build(self, input_shape=None):
        groups = np.arange(len(self.inputs_of_groups)) + 1
        seen = np.concatenate([np.repeat(groups, self.inputs_of_groups), np.zeros(self.context_size, int)])
        hidden = [np.arange(self.width) * len(groups) // self.width] * self.depth  # 0..groups-1, spread evenly
        self.dense = masked_layers(seen, hidden, np.repeat(groups, self.outputs_of_groups), "relu")

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> list[tf.Tensor]:
        """The outputs of each group, `[batch, outputs]`, from the inputs of all groups side by side."""
        x = with_context(x, context, self.context_size)
        for dense in self.dense:
            x = dense(x)
        return tf.split(x, self.outputs_of_groups, axis=-1)
