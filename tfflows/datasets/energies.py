"""Energies: densities that are known but for a constant, to which a flow is fitted without data."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfflows.datasets import energy_densities
from tfflows.datasets.data import Energy, Split, in_memory
from tfflows.datasets.options import Options
from tfflows.events import Event

# By name: the density, and the part of the plane that a picture shows, (x1 from, x1 to, x2 from, x2 to).
TABLE = {
    "energy/u1": (energy_densities.u1, (-4.0, 4.0, -4.0, 4.0)),
    "energy/u2": (energy_densities.u2, (-6.0, 6.0, -6.0, 6.0)),
    "energy/u3": (energy_densities.u3, (-6.0, 6.0, -6.0, 6.0)),
    "energy/u4": (energy_densities.u4, (-6.0, 6.0, -6.0, 6.0)),
    "energy/banana": (energy_densities.banana, (-7.0, 7.0, -11.0, 3.0)),
    "energy/funnel": (energy_densities.funnel, (-10.0, 10.0, -10.0, 10.0)),
}
NAMES = tuple(TABLE)

_TRAIN, _VALIDATION, _TEST = 100_000, 10_000, 20_000


def event(name: str, options: Options) -> Event:
    """A point of the plane, float32."""
    options.reject(name, "n_bits", "flip", "conditional", "data_dir")
    return Event((2,))


def load(name: str, options: Options) -> Energy:
    """The density, its log Z, and the seeds of 100,000 train, 10,000 validation and 20,000 test samples."""
    kind = event(name, options)
    log_density, window = TABLE[name]
    splits = [_seeds(index, size) for index, size in enumerate((_TRAIN, _VALIDATION, _TEST))]
    return Energy(name, kind, log_density, *splits, log_z=_log_z(name), window=window)


def _seeds(index: int, size: int) -> Split:
    """A seed for each row, and none twice: `[split, row]`."""
    return in_memory(seeds=np.stack([np.full(size, index), np.arange(size)], axis=1).astype(np.int32))


@functools.cache
def _log_z(name: str) -> float:
    known = energy_densities.LOG_Z.get(name.partition("/")[2])
    return quadrature(TABLE[name][0]) if known is None else known


def quadrature(log_density: Callable[[tf.Tensor], tf.Tensor], *, reach: float = 8.0, points: int = 801) -> float:
    """Log of the integral of a density over the square [-reach, reach]^2, by a sum over a grid in float64."""
    axis = np.linspace(-reach, reach, points)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    log_values = log_density(tf.constant(grid)).numpy()
    highest = log_values.max()
    return float(highest + np.log(np.exp(log_values - highest).sum()) + 2 * np.log(axis[1] - axis[0]))
