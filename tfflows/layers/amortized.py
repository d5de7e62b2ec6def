"""The base class of layers with a few weights, which a linear map of the context shifts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.layers.base import FlowLayer

tfb = tfp.bijectors

# These layers follow ActNorm, where the data have scale 1.
STARTS = {"zeros": keras.initializers.Zeros, "standard_normal": partial(keras.initializers.RandomNormal, stddev=1.0)}


class AmortizedLayer(FlowLayer):
    """Makes its bijector from a few vectors, `[1, size]`, to which a linear map of the context is added.

    A subclass defines the vectors and the bijector.

    Args:
        context_size: Size of the context vector; 0 for none.
    """

    make: Callable[..., tfb.Bijector]

    def __init__(self, *, context_size: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.context_size = context_size

    def vectors(self, dimension: int) -> dict[str, tuple[int, str]]:
        """Size and initializer of each vector, by its name, in the order of the bijector's arguments."""
        raise NotImplementedError

    def build(self, input_shape):
        vectors = self.vectors(input_shape[-1])
        self.sizes = [size for size, _ in vectors.values()]
        self.own = [
            self.add_weight(shape=(1, size), initializer=STARTS[start](), name=name)
            for name, (size, start) in vectors.items()
        ]
        shape = (self.context_size, sum(self.sizes))
        self.slopes = self.add_weight(shape=shape, initializer="zeros", name="slopes") if self.context_size else None

    def bijector(self, context=None, *, training=False, seeds=None):
        vectors = [tf.convert_to_tensor(vector) for vector in self.own]
        if self.slopes is not None:
            moves = tf.split(context @ tf.convert_to_tensor(self.slopes), self.sizes, axis=-1)
            vectors = [vector + move for vector, move in zip(vectors, moves, strict=True)]
        return self.make(*vectors)
