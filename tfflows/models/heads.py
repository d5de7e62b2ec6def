"""Distributions of single columns that no flow on the real line has: categories, angles, and atoms of real columns.

The parameters of a distribution, `[batch, head.outputs]`, are outputs of a network.
"""

import abc
import math

import tensorflow as tf

from tfflows.bijectors import CircularSpline
from tfflows.bijectors.circular import wrap
from tfflows.bounds import FARTHEST
from tfflows.columns import Column


class Head(abc.ABC):
    """The distribution of one column, without weights of its own.

    Args:
        column: The column.
        dtype: Type of log-probabilities and features.
    """

    def __init__(self, column: Column, dtype: str):
        self.column = column
        self.dtype = dtype

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """Number of parameters."""

    @abc.abstractmethod
    def log_prob(self, x: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """Log-probabilities `[batch]`, in nats, of values in raw units, float64 `[batch]`."""

    @abc.abstractmethod
    def decode(self, u: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """Values in raw units, float64 `[batch]`, from latents `u`, `[batch]` in (0, 1): a sample if `u` is uniform."""

    @abc.abstractmethod
    def encode(self, x: tf.Tensor, parameters: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        """The latents of values; `place`, `[batch]` in (0, 1), selects one of those that `decode` maps to a value."""

    @property
    def size(self) -> int:
        """Number of features."""
        return self.column.features

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """What networks see of the column, `[batch, size]`."""
        return features(self.column, x, self.dtype)


class CategoricalHead(Head):
    """A softmax over the categories: exact, with probability 0 for any number that is not that of a category."""

    @property
    def outputs(self):
        return len(self.column.categories)

    def log_prob(self, x, parameters):
        one_hot = self.features(x)
        log_prob = tf.reduce_sum(one_hot * tf.nn.log_softmax(parameters), axis=-1)
        return tf.where(tf.reduce_any(one_hot > 0, axis=-1), log_prob, -tf.ones_like(log_prob) * math.inf)

    def decode(self, u, parameters):
        upper = tf.cumsum(tf.nn.softmax(parameters), axis=-1)
        place = tf.reduce_sum(tf.cast(u[:, None] >= upper[:, :-1], tf.int32), axis=-1)
        return tf.gather(tf.constant(self.column.values, tf.float64), place)

    def encode(self, x, parameters, place):
        prob = tf.nn.softmax(parameters)
        lower = tf.cumsum(prob, axis=-1, exclusive=True)
        return tf.reduce_sum(self.features(x) * (lower + prob * tf.cast(place, prob.dtype)[:, None]), axis=-1)


class CircularHead(Head):
    """A circular spline of a uniform angle; a value is taken modulo the length of the circle."""

    SPLINE = CircularSpline(bins=16)

    @property
    def outputs(self):
        return self.SPLINE.size

    def log_prob(self, x, parameters):
        low, high = self.column.support
        log_det = self._bijector(parameters).inverse_log_det_jacobian(self._angle(x), event_ndims=0)
        return log_det[:, 0] - math.log(high - low)

    def decode(self, u, parameters):
        low, high = self.column.support
        angle = self._bijector(parameters).forward(2 * math.pi * tf.cast(u, self.dtype)[:, None] - math.pi)[:, 0]
        turn = (tf.cast(angle, tf.float64) + math.pi) / (2 * math.pi)
        return tf.clip_by_value(low + (high - low) * turn, low, math.nextafter(high, low))

    def encode(self, x, parameters, place):
        return (self._bijector(parameters).inverse(self._angle(x))[:, 0] + math.pi) / (2 * math.pi)

    def _bijector(self, parameters):
        return self.SPLINE(parameters[:, :, None])

    def _angle(self, x):
        return tf.cast(_angle(self.column, x), self.dtype)[:, None]


class AtomHead(Head):
    """The probability that a value is exactly the atom of its column, if it is not missing."""

    outputs = size = 1

    def log_prob(self, x, parameters):
        logit = parameters[:, 0]
        log_prob = tf.where(self._is_atom(x), tf.math.log_sigmoid(logit), tf.math.log_sigmoid(-logit))
        return tf.where(tf.math.is_nan(x), tf.zeros_like(log_prob), log_prob)

    def decode(self, u, parameters):
        """The atom, or NaN for any other value."""
        probability = tf.sigmoid(parameters[:, 0])
        return tf.where(u < probability, tf.constant(self.column.atom, tf.float64), tf.constant(math.nan, tf.float64))

    def encode(self, x, parameters, place):
        probability = tf.sigmoid(parameters[:, 0])
        place = tf.cast(place, probability.dtype)
        return tf.where(self._is_atom(x), probability * place, probability + (1 - probability) * place)

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """Whether the value is the atom, `[batch, 1]`."""
        return tf.cast(self._is_atom(x), self.dtype)[:, None]

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
    value = tf.clip_by_value((x - column.shift) / column.scale, -FARTHEST, FARTHEST)
    if not column.missing:
        return tf.cast(value, dtype)[:, None]
    missing = tf.math.is_nan(x)
    parts = [tf.where(missing, tf.zeros_like(value), value), tf.cast(missing, x.dtype)]
    return tf.cast(tf.stack(parts, axis=-1), dtype)


def _angle(column, x):
    """The angle in [-pi, pi), in float64, as a value may be large."""
    low, high = column.support
    return wrap(2 * math.pi * (x - low) / (high - low) - math.pi)
