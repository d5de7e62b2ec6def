"""From a name to a target: `energy/u1` and its like."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfflows.events import Event
from tfflows.targets import densities
from tfflows.targets.target import Target

# By name: the density, and the part of the plane that a picture shows, (x1 from, x1 to, x2 from, x2 to).
TABLE = {
    "energy/u1": (densities.u1, (-4.0, 4.0, -4.0, 4.0)),
    "energy/u2": (densities.u2, (-6.0, 6.0, -6.0, 6.0)),
    "energy/u3": (densities.u3, (-6.0, 6.0, -6.0, 6.0)),
    "energy/u4": (densities.u4, (-6.0, 6.0, -6.0, 6.0)),
    "energy/banana": (densities.banana, (-7.0, 7.0, -11.0, 3.0)),
    "energy/funnel": (densities.funnel, (-10.0, 10.0, -10.0, 10.0)),
}
NAMES = tuple(TABLE)
EVENT = Event((2,))


def load(name: str) -> Target:
    """The target of one of NAMES, with the logarithm of its integral."""
    log_density, window = TABLE[name]
    return Target(name, EVENT, log_density, log_z=_log_z(name), window=window)


@functools.cache
def _log_z(name: str) -> float:
    known = densities.LOG_Z.get(name.partition("/")[2])
    return quadrature(TABLE[name][0]) if known is None else known


def quadrature(log_density: Callable[[tf.Tensor], tf.Tensor], *, reach: float = 8.0, points: int = 801) -> float:
    """Logarithm of the integral of a density over the square [-reach, reach]^2, by a sum over a grid in float64."""
    axis = np.linspace(-reach, reach, points)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    log_values = log_density(tf.constant(grid)).numpy()
    highest = log_values.max()
    return float(highest + np.log(np.exp(log_values - highest).sum()) + 2 * np.log(axis[1] - axis[0]))
