"""The joint distribution of the columns of a table that have heads: one after another, with one network for all."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.columns import Column
from tfflows.layers.base import build
from tfflows.models.heads import HEADS, AtomHead, Head
from tfflows.networks import GroupedMADE
from tfflows.serialization import Configurable

EDGE = 1e-7  # latents are the normal quantiles of numbers in [EDGE, 1 - EDGE], which are finite


class JointHeads(Configurable, keras.layers.Layer):
    """Categories and angles, and then which real values are at an atom, given a condition.

        log p(c_1..c_k) = sum_i log p(c_i | c_1..c_{i-1})

    Args:
        columns: All columns of the table.
        width: Number of units of each of the two hidden layers of the network.
        context_size: Number of entries of the condition.
        **kwargs: Keras' own arguments.
    """

    def __init__(self, columns: Sequence[Column], *, width: int, context_size: int, **kwargs: Any):
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})
        self.columns = list(columns)
        self.places = [place for place, column in enumerate(columns) if column.kind != "real"]
        heads: list[Head] = [HEADS[columns[place].kind](columns[place], self.compute_dtype) for place in self.places]
        atoms = [place for place, column in enumerate(columns) if column.atom is not None]
        self.places += atoms
        self.heads = [*heads, *(AtomHead(columns[place], self.compute_dtype) for place in atoms)]
        sizes = [head.size for head in self.heads], [head.outputs for head in self.heads]
        settings = {"width": width, "depth": 2, "context_size": context_size, "dtype": self.dtype_policy}
        self.network = GroupedMADE(*sizes, **settings) if self.heads else None

    def build(self, input_shape=None):
        if self.network is not None:
            build(self.network, input_shape)

    @property
    def size(self) -> int:
        """Number of features."""
        return sum(head.size for head in self.heads)

    def log_prob(self, x: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """Log-probabilities `[batch]`, in nats, of rows in raw units, float64 `[batch, columns]`."""
        total = tf.zeros(tf.shape(x)[:1], self.compute_dtype)
        for head, place, parameters in zip(self.heads, self.places, self._parameters(x, condition), strict=True):
            total += head.log_prob(x[:, place], parameters)
        return total

    def features(self, x: tf.Tensor) -> tf.Tensor | None:
        """What networks see of these columns, `[batch, size]`; None if there are none."""
        parts = [head.features(x[:, place]) for head, place in zip(self.heads, self.places, strict=True)]
        return tf.concat(parts, axis=-1) if parts else None

    def encode(self, x: tf.Tensor, condition: tf.Tensor | None, seeds: tf.Tensor | None) -> list[tf.Tensor]:
        """A latent `[batch, 1]` for each head, standard normal in the data; its center without seeds."""
        found = []
        for number, parameters in enumerate(self._parameters(x, condition)):
            where = tf.fill(tf.shape(x)[:1], tf.constant(0.5, self.compute_dtype))
            if seeds is not None:
                where = noise.uniform(noise.fold_in(seeds, noise.HEADS + number), (), where.dtype)
            u = self.heads[number].encode(x[:, self.places[number]], parameters, where)
            found.append(tf.math.ndtri(tf.clip_by_value(u, EDGE, 1 - EDGE))[:, None])
        return found

    def decode(
        self, uniform: Callable[[int], tf.Tensor], rows: tf.Tensor, condition: tf.Tensor | None
    ) -> tuple[dict[int, tf.Tensor], tf.Tensor | None]:
        """Values by the places of their columns, and their features.

        Args:
            uniform: Function from the number of a head to its latents, `[rows]` in (0, 1).
            rows: Number of rows.
            condition: The condition of each row.
        """
        values, known = {}, [tf.zeros([rows, head.size], self.compute_dtype) for head in self.heads]
        for number, (head, place) in enumerate(zip(self.heads, self.places, strict=True)):
            parameters = self._outputs(tf.concat(known, axis=-1), condition)[number]
            values[place] = head.decode(uniform(number), parameters)
            known[number] = head.features(values[place])
        return values, (tf.concat(known, axis=-1) if known else None)

    def _parameters(self, x, condition):
        return self._outputs(self.features(x), condition) if self.heads else []

    def _outputs(self, known, condition):
        return [tf.cast(part, self.compute_dtype) for part in self.network(known, condition)]
