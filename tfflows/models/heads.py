"""Distributions of single columns that no flow on the real line has: categories and angles, given other columns."""

import abc
import math
from typing import Any

import keras
import tensorflow as tf

from tfflows.bijectors import CircularSpline
from tfflows.bijectors.circular import wrap
from tfflows.columns import Column
from tfflows.layers.base import build
from tfflows.networks import MLP
from tfflows.serialization import Configurable


class Head(Configurable, keras.layers.Layer):
    """The distribution of one column, given the features of other columns, by a network.

    Args:
        column: The column.
        width: Number of units of each of the two hidden layers of the network.
        **kwargs: Keras' own arguments.
    """

    def __init__(self, column: Column, *, width: int, **kwargs: Any):
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})
        self.column = column
        self.network = MLP(self.outputs, width=width, depth=2)

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """Number of outputs of the network."""

    def build(self, input_shape):
        build(self.network, input_shape)

    @abc.abstractmethod
    def log_prob(self, x: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """Log-probabilities `[batch]`, in nats, of values in raw units, float64 `[batch]`; `known` holds features."""

    @abc.abstractmethod
    def decode(self, u: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """Values in raw units, float64 `[batch]`, from latents `u`, `[batch]` in (0, 1): a sample if `u` is uniform."""

    @abc.abstractmethod
    def encode(self, x: tf.Tensor, known: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        """The latents of values; `place`, `[batch]` in (0, 1), selects one of those that `decode` maps to a value."""

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """What other networks see of the column, `[batch, column.features]`."""
        return features(self.column, x, self.compute_dtype)

    def _network(self, known):
        return tf.cast(self.network(known), self.compute_dtype)


class CategoricalHead(Head):
    """A softmax over the categories: exact, with probability 0 for any number that is not that of a category."""

    @property
    def outputs(self):
        return len(self.column.categories)

    def log_prob(self, x, known):
        one_hot = self.features(x)
        log_prob = tf.reduce_sum(one_hot * tf.nn.log_softmax(self._network(known)), axis=-1)
        return tf.where(tf.reduce_any(one_hot > 0, axis=-1), log_prob, -tf.ones_like(log_prob) * math.inf)

    def decode(self, u, known):
        upper = tf.cumsum(tf.nn.softmax(self._network(known)), axis=-1)
        place = tf.reduce_sum(tf.cast(u[:, None] >= upper[:, :-1], tf.int32), axis=-1)
        return tf.gather(tf.constant(self.column.values, tf.float64), place)

    def encode(self, x, known, place):
        prob = tf.nn.softmax(self._network(known))
        lower = tf.cumsum(prob, axis=-1, exclusive=True)
        return tf.reduce_sum(self.features(x) * (lower + prob * tf.cast(place, prob.dtype)[:, None]), axis=-1)


class CircularHead(Head):
    """A circular spline of a uniform angle; a value is taken modulo the length of the circle."""

    SPLINE = CircularSpline(bins=16)

    @property
    def outputs(self):
        return self.SPLINE.size

    def log_prob(self, x, known):
        low, high = self.column.support
        log_det = self._bijector(known).inverse_log_det_jacobian(self._angle(x), event_ndims=0)
        return log_det[:, 0] - math.log(high - low)

    def decode(self, u, known):
        low, high = self.column.support
        angle = self._bijector(known).forward(2 * math.pi * tf.cast(u, self.compute_dtype)[:, None] - math.pi)[:, 0]
        turn = (tf.cast(angle, tf.float64) + math.pi) / (2 * math.pi)
        return tf.clip_by_value(low + (high - low) * turn, low, math.nextafter(high, low))

    def encode(self, x, known, place):
        return (self._bijector(known).inverse(self._angle(x))[:, 0] + math.pi) / (2 * math.pi)

    def _bijector(self, known):
        return self.SPLINE(self._network(known)[:, :, None])

    def _angle(self, x):
        return tf.cast(_angle(self.column, x), self.compute_dtype)[:, None]


class AtomHead(Head):
    """The probability that a value is exactly the atom of its column, if it is not missing."""

    @property
    def outputs(self):
        return 1

    def log_prob(self, x, known):
        logit = self._network(known)[:, 0]
        log_prob = tf.where(self._is_atom(x), tf.math.log_sigmoid(logit), tf.math.log_sigmoid(-logit))
        return tf.where(tf.math.is_nan(x), tf.zeros_like(log_prob), log_prob)

    def decode(self, u, known):
        """The atom, or NaN for any other value."""
        probability = tf.sigmoid(self._network(known)[:, 0])
        return tf.where(u < probability, tf.constant(self.column.atom, tf.float64), tf.constant(math.nan, tf.float64))

    def encode(self, x, known, place):
        probability = tf.sigmoid(self._network(known)[:, 0])
        place = tf.cast(place, probability.dtype)
        return tf.where(self._is_atom(x), probability * place, probability + (1 - probability) * place)

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """Whether the value is the atom, `[batch, 1]`."""
        return tf.cast(self._is_atom(x), self.compute_dtype)[:, None]

    def _is_atom(self, x):
        return tf.equal(x, tf.constant(self.column.atom, x.dtype))


HEADS = {"categorical": CategoricalHead, "circular": CircularHead}


def features(column: Column, x: tf.Tensor, dtype: str) -> tf.Tensor:
    """The inputs of a network for the values of a column, `[batch, column.features]`.

    Categories are in one-hot form, with zeros for a number that is not one of them. Angles are given by cosine and
    sine. Real values are standardized, with 0 for a missing value, and 1 in an input that says so.
    """
    if column.kind == "categorical":
        return tf.cast(tf.equal(x[:, None], tf.constant(column.values, x.dtype)), dtype)
    if column.kind == "circular":
        angle = _angle(column, x)
        return tf.cast(tf.stack([tf.cos(angle), tf.sin(angle)], axis=-1), dtype)
    value = (x - column.shift) / column.scale
    if not column.missing:
        return tf.cast(value, dtype)[:, None]
    missing = tf.math.is_nan(x)
    parts = [tf.where(missing, tf.zeros_like(value), value), tf.cast(missing, x.dtype)]
    return tf.cast(tf.stack(parts, axis=-1), dtype)


def _angle(column, x):
    """The angle in [-pi, pi), in float64, as a value may be large."""
    low, high = column.support
    return wrap(2 * math.pi * (x - low) / (high - low) - math.pi)
