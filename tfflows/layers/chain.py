"""Several layers as one: the only place that applies layers in order."""

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise
from tfflows.costs import Cost, combined
from tfflows.layers.base import FlowLayer, build
from tfflows.layers.recompute import Recomputed

tfb = tfp.bijectors


Pair = tuple[tf.Tensor, tf.Tensor | None]
MOST_KEPT = 2**28  # bytes of the training set that `Kept` holds


class Kept:
    """An iterable of pairs of tensors that keeps what it has given, unless that is more than `MOST_KEPT` bytes."""

    def __init__(self, pairs: Iterable[Pair]):
        self._source = pairs
        self.pairs: list[Pair] = []
        self.is_whole = False  # until all pairs have been given, and kept

    def __iter__(self) -> Iterator[Pair]:
        size = 0
        for pair in self._source:
            size += sum(tf.as_dtype(part.dtype).size * math.prod(part.shape) for part in pair if part is not None)
            if size <= MOST_KEPT:
                self.pairs.append(pair)
            else:
                self.pairs.clear()
            yield pair
        self.is_whole = size <= MOST_KEPT


class Chain(FlowLayer):
    """Layers from data to latent, which share a context; each gets its own stream of noise.

        inverse:  z = layers[-1].inverse(...layers[0].inverse(x))
        forward:  x = layers[0].forward(...layers[-1].forward(z))
        log-det:  the sum of the layers' log-dets

    Args:
        layers: Layers, from data to latent.
    """

    recomputes = False  # whether the gradient of training computes layers again, see `Recomputed`

    def __init__(self, layers: Sequence[FlowLayer], **kwargs: Any):
        super().__init__(**kwargs)
        self.flow_layers = list(layers)

    def build(self, input_shape):
        self.ranks = []
        for layer in self.flow_layers:
            build(layer, input_shape)
            self.ranks.append(len(input_shape) - 1)
            input_shape = layer.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape):
        for layer in self.flow_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def compose(self, rest, context=None, **mode):
        graphs = {}
        for rank, (layer, its_mode) in reversed([*zip(self.ranks, self._with_modes(**mode), strict=True)]):
            rest = self._composed(layer, rank, graphs, rest, context, its_mode)
        return rest

    def _composed(self, layer, rank, graphs, rest, context, mode):
        """The bijectors of a layer before `rest`; in training, of one that is computed again if the chain says so."""
        if self.recomputes and mode["training"] and layer.is_function_of_weights:
            return [Recomputed(layer, rank, graphs, context, **mode), *rest]
        return layer.compose(rest, context, **mode)

    def bijector(self, context=None, *, training=False, seeds=None):
        return tfb.Chain(self.compose([], context, training=training, seeds=seeds), name="chain")

    def inverse_and_log_det(
        self, x: tf.Tensor, context: tf.Tensor | None = None, **mode: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`z` and `log |det dz/dx|`, `[batch]`, of layers that keep the rank of the event.

        Couplings and autoregressive layers compute this direction in one pass: it is the cheap way to a density, and
        also to samples of a distribution whose samples are `z`, such as a posterior.
        """
        log_det, rank, graphs = tf.zeros(tf.shape(x)[:1], x.dtype), x.shape.rank - 1, {}
        for layer, its_mode in self._with_modes(**mode):
            for bijector in self._composed(layer, rank, graphs, [], context, its_mode):
                log_det += bijector.inverse_log_det_jacobian(x, event_ndims=rank)
                x = bijector.inverse(x)
        return x, log_det

    def forward(self, z: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """`x`, in evaluation: the opposite direction of `inverse_and_log_det`."""
        for layer in reversed(self.flow_layers):
            z = layer.bijector(context).forward(z)
        return z

    def call(self, x, context=None):
        return self.between(0, len(self.flow_layers), x, context)

    def between(self, first: int, place: int, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """The input of the layer at `place` when that of the layer at `first` is `x`."""
        for layer in self.flow_layers[first:place]:
            x = layer(x, context)
        return x

    def initialize(self, x, context=None):
        for layer in self.flow_layers:
            layer.initialize(x, context)
            x = layer(x, context)

    def adapt(self, batches):
        batches = list(batches)
        self.adapt_layers(lambda: batches, self.between)

    def adapt_layers(self, batches: Callable[[], Iterable[Pair]], between: Callable[..., tf.Tensor]) -> None:
        """Adapts each layer that uses statistics, in order.

        Args:
            batches: Returns the chain's input and the context, in batches.
            between: As the method of this name.
        """
        first = 0
        for place, layer in enumerate(self.flow_layers):
            if layer.uses_statistics:
                pairs = ((between(first, place, x, context), context) for x, context in batches())
                layer.adapt(kept := Kept(pairs))
                if kept.is_whole:  # the next such layer goes on from here
                    first, batches = place, functools.partial(iter, kept.pairs)

    @property
    def uses_statistics(self):
        return any(layer.uses_statistics for layer in self.flow_layers)

    @property
    def initialized(self):
        return all(layer.initialized for layer in self.flow_layers)

    @property
    def estimates(self) -> bool:
        """Whether the log-determinant of a layer is an estimate."""
        return any(layer.estimates for layer in self.flow_layers)

    @property
    def forward_cost(self) -> Cost:
        return combined(layer.forward_cost for layer in self.flow_layers)

    @property
    def inverse_cost(self) -> Cost:
        return combined(layer.inverse_cost for layer in self.flow_layers)

    def _with_modes(
        self, *, training: bool = False, seeds: tf.Tensor | None = None
    ) -> list[tuple[FlowLayer, dict[str, Any]]]:
        """Each layer with `training` and its own seeds, which it gets in evaluation only for an estimate."""
        streams = range(noise.LAYERS, noise.LAYERS + len(self.flow_layers))
        has_noise = (training or self.estimates) and seeds is not None and len(streams) > 0
        each = noise.fold_in_each(seeds, streams) if has_noise else [None] * len(streams)
        return [
            (layer, {"training": training, "seeds": its if training or layer.estimates else None})
            for layer, its in zip(self.flow_layers, each, strict=True)
        ]


def set_recompute(model: keras.Model, *, recomputes: bool) -> None:
    """Sets whether training computes the layers of all chains of a model again for the gradient."""
    for layer in model._flatten_layers():
        if isinstance(layer, Chain):
            layer.recomputes = recomputes
