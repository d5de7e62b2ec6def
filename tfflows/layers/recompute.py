"""Training with little memory: layers keep only their input, and those that are alike share one graph."""

import json
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfflows.bijectors.base import Bijector
from tfflows.layers.base import FlowLayer
from tfflows.serialization import serialize

Graphs = dict[tuple, list[Callable]]  # by direction, shapes and configuration


class Recomputed(Bijector):
    """The bijector of a layer, whose gradient computes the layer again from its input.

    What is kept from the forward pass to the gradient is the input of each layer instead of each result inside it. The
    layer is a function of TensorFlow that gets the weights as arguments and that is not inlined: the steps of a Glow,
    which differ in nothing but their weights, are calls of the same function, and so are their gradients. Without that,
    the graph of each step, not its activations, would take most of the memory.

    Args:
        layer: A layer whose `bijector` depends on nothing but its arguments and the layer's weights.
        rank: Rank of its event.
        graphs: Functions made so far in this trace, which are added to.
        context: As in `FlowLayer.bijector`.
        training: As in `FlowLayer.bijector`.
        seeds: As in `FlowLayer.bijector`.

    Source: Chen et al., "Training deep nets with sublinear memory cost" (1604.06174), section 4.
    """

    def __init__(
        self,
        layer: FlowLayer,
        rank: int,
        graphs: Graphs,
        context: tf.Tensor | None = None,
        *,
        training: bool = False,
        seeds: tf.Tensor | None = None,
    ):
        super().__init__(event_ndims=rank, name="recomputed")
        self.layer, self.rank, self.training = layer, rank, training
        # Lists, as either may be absent; seeds are integers, and have no gradient.
        self.context, self.seeds = ([] if value is None else [value] for value in (context, seeds))
        self._graphs = lambda: graphs  # not an attribute: tf.Module would track its contents

    def forward_and_log_det(self, z):
        return self._call("forward", z)

    def inverse_and_log_det(self, x):
        return self._call("inverse", x)

    def _call(self, direction, x):
        value, gradient = self._functions(direction, x)
        fixed = [tf.convert_to_tensor(weight) for weight in self.layer.non_trainable_variables]

        @tf.custom_gradient
        def run(*sources):
            def gradients(*upstream):
                return gradient(sources, self.seeds, fixed, upstream)

            return value(sources, self.seeds, fixed), gradients

        return run(x, *self.context, *map(tf.convert_to_tensor, self.layer.trainable_variables))

    def _functions(self, direction, x):
        """The layer, and its gradient, as functions that all layers like this one share."""
        key = direction, tuple(x.shape), len(self.context), len(self.seeds), likeness(self.layer)
        graphs = self._graphs()
        if key not in graphs:
            graphs[key] = self._traceable(direction)
        return graphs[key]

    def _traceable(self, direction):
        layer, rank, training, has_context = self.layer, self.rank, self.training, bool(self.context)

        def value(sources, seeds, fixed):
            x, *rest = sources
            context = rest.pop(0) if has_context else None
            seed = {"seeds": seeds[0]} if seeds else {}
            trained = zip(layer.trainable_variables, rest, strict=True)
            constant = zip(layer.non_trainable_variables, fixed, strict=True)
            with keras.StatelessScope(state_mapping=[*trained, *constant]):
                bijector = layer.bijector(context, training=training, **seed)
                y = getattr(bijector, direction)(x)
                return y, getattr(bijector, f"{direction}_log_det_jacobian")(x, event_ndims=rank)

        def gradient(sources, seeds, fixed, upstream):
            with tf.GradientTape() as tape:
                tape.watch(sources)
                results = value(sources, seeds, fixed)
            return tape.gradient(results, sources, upstream, unconnected_gradients="zero")

        return [
            tf.function(function, autograph=False, experimental_attributes={"_noinline": True})
            for function in (value, gradient)
        ]


def likeness(layer: FlowLayer) -> str:
    """A text that is the same for layers that differ in nothing but their weights and their names."""
    weights = [(tuple(weight.shape), str(weight.dtype), weight.trainable) for weight in layer.weights]
    return json.dumps([_without_names(serialize(layer)), weights], default=str)


def _without_names(config: Any) -> Any:
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":  # its name says in which precision a layer computes
            return config
        return {name: _without_names(value) for name, value in config.items() if name != "name"}
    return [_without_names(value) for value in config] if isinstance(config, list | tuple) else config
