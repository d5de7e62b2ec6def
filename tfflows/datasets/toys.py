"""Toy datasets in the plane: samples from a formula, three of them with a known density.

Each split is drawn with its own stateless seed, so it is the same in every process and independent of other draws.
"""

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.datasets.data import Data
from tfflows.datasets.options import NAMED, Options
from tfflows.events import Event
from tfflows.splits import Split, in_memory

tfd = tfp.distributions

NAMES = ("toy/eight_gaussians", "toy/checkerboard", "toy/rings", "toy/two_moons")

_TRAIN, _VALIDATION, _TEST = 100_000, 10_000, 20_000


def event(name: str, options: Options) -> Event:
    """A point of the plane, float32."""
    options.reject(name, *NAMED)
    return Event((2,))


def load(name: str, options: Options) -> Data:
    """100,000 train, 10,000 validation and 20,000 test points, and their density if it is known."""
    kind = event(name, options)
    truth = _truth(name)
    splits = [_split(name, truth, size, index) for index, size in enumerate((_TRAIN, _VALIDATION, _TEST))]
    return Data(name, kind, *splits, truth=truth)


def _truth(name: str) -> tfd.Distribution | None:
    if name == "toy/two_moons":
        return None
    return {"toy/eight_gaussians": _eight_gaussians, "toy/checkerboard": Checkerboard, "toy/rings": Rings}[name]()


def _split(name: str, truth: tfd.Distribution | None, size: int, index: int) -> Split:
    seed = tf.constant([NAMES.index(name), index], tf.int32)
    points = _two_moons(size, seed) if truth is None else truth.sample(size, seed=seed)
    return in_memory(x=points)


def _eight_gaussians() -> tfd.Distribution:
    """Eight equal Gaussians: centers on a circle of radius 4 / sqrt(2), standard deviation 0.5 / sqrt(2)."""
    angles = tf.range(8, dtype=tf.float32) * (math.pi / 4)
    centers = 4 / math.sqrt(2) * tf.stack([tf.cos(angles), tf.sin(angles)], axis=-1)
    components = tfd.MultivariateNormalDiag(centers, tf.fill([8, 2], 0.5 / math.sqrt(2)))
    return tfd.MixtureSameFamily(tfd.Categorical(logits=tf.zeros(8)), components, name="eight_gaussians")


def _two_moons(size: int, seed: tf.Tensor) -> tf.Tensor:
    """Two half circles of radius 2, the upper one around (-1, -0.2), the lower one around (1, 0.8); noise of scale 0.2.

    Scikit-learn's `make_moons(noise=0.1)`, doubled and shifted as in the toy data of FFJORD, with random angles.
    """
    angle_seed, moon_seed, noise_seed = tf.unstack(tf.random.split(seed, 3, alg="philox"))
    angle = tf.random.stateless_uniform([size], angle_seed, maxval=math.pi, alg="philox")
    lower = tf.random.stateless_uniform([size], moon_seed, alg="philox") < 0.5
    x = tf.where(lower, 1 - tf.cos(angle), tf.cos(angle))
    y = tf.where(lower, 0.5 - tf.sin(angle), tf.sin(angle))
    noise = tf.random.stateless_normal([size, 2], noise_seed, stddev=0.1, alg="philox")
    return 2 * (tf.stack([x, y], axis=-1) + noise) + tf.constant([-1.0, -0.2])


# Densities that TFP does not have.


class _Planar(tfd.Distribution):
    """A distribution over float32 `[2]`: what TFP requires of any such distribution."""

    def __init__(self, name: str, parameters: dict[str, Any]):
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {}

    def _batch_shape(self):
        return tf.TensorShape([])

    def _event_shape(self):
        return tf.TensorShape([2])

    def _event_shape_tensor(self):
        return tf.constant([2], tf.int32)


class Checkerboard(_Planar):
    """Uniform over the dark cells, of side 2, of a centered 4x4 board of side 8: the two cells that touch (0, 0) from
    below left and above right, and those of the same color.

    log-density: -log(32) on a dark cell, -inf elsewhere, so the entropy is log(32) nats.
    """

    def __init__(self, name: str = "checkerboard"):
        super().__init__(name, dict(locals()))

    def _log_prob(self, x):
        column, row = tf.unstack(tf.floor(x / 2), axis=-1)
        on_board = tf.reduce_all((x >= -4) & (x < 4), axis=-1)
        dark = tf.equal(tf.math.floormod(column + row, 2), 0)
        return tf.where(on_board & dark, -math.log(32.0), -math.inf)

    def _sample_n(self, n, seed=None):
        cell_seed, place_seed = tf.unstack(tfp.random.split_seed(seed, 2))
        cell = tf.random.stateless_uniform([n], cell_seed, maxval=8, dtype=tf.int32, alg="philox")
        column = cell // 2
        row = 2 * (cell % 2) + column % 2
        place = tf.random.stateless_uniform([n, 2], place_seed, alg="philox")
        return 2 * (tf.cast(tf.stack([column, row], axis=-1), tf.float32) + place) - 4


class Rings(_Planar):
    """Concentric rings: the radius has an equal mixture of normal distributions, the angle is uniform.

    log-density: log p(r) - log(2 pi r), r = ||x||. Every ring is at least nine standard deviations from the center, so
    the mass of negative radii, which the formula leaves out, is below 1e-20.

    Args:
        radii: Radius of each ring.
        scale: Standard deviation of the radius.
    """

    def __init__(self, radii: tuple[float, ...] = (0.75, 1.5, 2.25, 3.0), scale: float = 0.08, name: str = "rings"):
        parameters = dict(locals())
        weights = tfd.Categorical(logits=tf.zeros(len(radii)))
        self._radius = tfd.MixtureSameFamily(weights, tfd.Normal(tf.constant(radii, tf.float32), scale))
        super().__init__(name, parameters)

    def _log_prob(self, x):
        # At the center, the lower bound keeps the logarithm and its gradient finite.
        radius = tf.sqrt(tf.maximum(tf.reduce_sum(x**2, axis=-1), 1e-12))
        return self._radius.log_prob(radius) - tf.math.log(2 * math.pi * radius)

    def _sample_n(self, n, seed=None):
        radius_seed, angle_seed = tf.unstack(tfp.random.split_seed(seed, 2))
        radius = self._radius.sample(n, seed=radius_seed)
        angle = tf.random.stateless_uniform([n], angle_seed, maxval=2 * math.pi, alg="philox")
        return radius[:, None] * tf.stack([tf.cos(angle), tf.sin(angle)], axis=-1)
