"""Toy datasets in the plane: samples from a formula, three of them with a known density.

Each split is drawn with its own stateless seed, so it is the same in every process and independent of other draws.
"""

import math

import tensorflow as tf

from tfflows.datasets.data import Data, tfd
from tfflows.datasets.options import Options
from tfflows.datasets.toy_densities import Checkerboard, Rings
from tfflows.events import Event
from tfflows.splits import Split, in_memory

NAMES = ("toy/eight_gaussians", "toy/checkerboard", "toy/rings", "toy/two_moons")

_TRAIN, _VALIDATION, _TEST = 100_000, 10_000, 20_000


def event(name: str, options: Options) -> Event:
    """A point of the plane, float32."""
    options.reject(name, "n_bits", "flip", "conditional", "data_dir")
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
