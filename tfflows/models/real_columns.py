"""The real columns of a table, between raw units and what a flow sees: on the real line, standardized, with noise."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors import Support
from tfflows.bijectors.base import sum_event
from tfflows.bounds import FARTHEST
from tfflows.columns import Column, arrays


class RealColumns:
    """The map between real entries in raw units, float64, and the events of a flow.

    Args:
        columns: The columns, all of kind `"real"`.
        dtype: Type of the flow's events.
    """

    def __init__(self, columns: Sequence[Column], dtype: str):
        ends = arrays(columns)
        self.low, self.high, self.step, self.origin = (ends[name] for name in ("low", "high", "step", "origin"))
        self.center = np.array([column.center for column in columns])
        self.missing = [place for place, column in enumerate(columns) if column.missing]
        self.atom = np.array([math.nan if column.atom is None else column.atom for column in columns])
        self.has_absent = bool(self.missing) or not np.isnan(self.atom).all()
        self.dtype = dtype
        self._support = lambda: Support(self.low, self.high, ends["shift"], ends["scale"])

    def standardized(self, x: tf.Tensor, seeds: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Real entries as the flow sees them; noise has the seed of each row, or its central value without seeds.

        Returns:
            The entries, `[batch, real]`, with noise in place of values that are missing or at an atom; the
            log-determinant of this map, less the log-density of this noise, float64 `[batch]`; and whether the row is
            inside of the supports, bool `[batch]`.
        """
        absent = tf.math.is_nan(x) | tf.equal(x, self.atom)
        x = self._in_cells(x, seeds)
        inside = (x > self.low) & (x < self.high)
        support = self._support()
        x = tf.where(inside, x, self.center)
        z, log_det = support.inverse(x), support.inverse_log_det_jacobian(x, event_ndims=0)
        if self.has_absent:
            fill = self._fill(seeds, x)
            z = tf.where(absent, fill, z)
            log_det = tf.where(absent, 0.5 * (fill**2 + math.log(2 * math.pi)), log_det)
        z = tf.clip_by_value(z, -FARTHEST, FARTHEST)
        return tf.cast(z, self.dtype), sum_event(log_det, 1), tf.reduce_all(inside | absent, axis=-1)

    def is_missing(self, x: tf.Tensor) -> tf.Tensor | None:
        """Which of the entries that may be missing are, as numbers `[batch, entries]`; None if none may."""
        return tf.cast(tf.math.is_nan(tf.gather(x, self.missing, axis=1)), self.dtype) if self.missing else None

    def none_missing(self, rows: tf.Tensor) -> tf.Tensor | None:
        """What `is_missing` returns for complete rows."""
        return tf.zeros([rows, len(self.missing)], self.dtype) if self.missing else None

    def raw(self, z: tf.Tensor) -> tf.Tensor:
        """Real entries in raw units, inside of their supports, in the middle of their cells where there are some."""
        x = self._support().forward(tf.cast(z, tf.float64))
        numerator, denominator = np.transpose([_fraction(step) for step in self.step])
        cell = tf.clip_by_value(tf.round((x - self.origin) * (denominator / numerator)), *self._cells())
        cell = tf.where(tf.equal(cell, 0), tf.zeros_like(cell), cell)  # not -0, whose noise would be another
        x = tf.clip_by_value(x, np.nextafter(self.low, math.inf), np.nextafter(self.high, -math.inf))
        # Divided by a whole number where the step is a fraction: 3 / 10 is 0.3, but 3 * 0.1 is not. The divisor is
        # hidden from the graph optimizer, which would multiply by the reciprocal of a constant.
        divisor = np.where(self.step > 0, denominator, 1.0)
        divisor = tf.raw_ops.PlaceholderWithDefault(input=tf.constant(divisor), shape=divisor.shape)
        return tf.where(self.step > 0, cell * numerator, x) / divisor + np.where(self.step > 0, self.origin, 0.0)

    def _cells(self):
        """The numbers of the first and of the last cell inside of the support, counted from the origin."""
        step, rounding = np.where(self.step > 0, self.step, 1.0), 1e-6
        low, high = ((end - self.origin) / step for end in (self.low, self.high))
        return np.ceil(low + 0.5 - rounding), np.floor(high - 0.5 + rounding)

    def _in_cells(self, x, seeds):
        """Values of rounded columns anywhere in their cells; others unchanged."""
        if not self.step.any():
            return x
        place = 0.5 * tf.ones_like(x)
        if seeds is not None:
            place = noise.uniform(noise.fold_in(seeds, noise.CELLS), tuple(x.shape[1:]), x.dtype)
        step = np.where(self.step > 0, self.step, 1.0)
        cells = (tf.round((x - self.origin) / step) + place - 0.5) * step + self.origin
        return tf.where(self.step > 0, cells, x)

    def _fill(self, seeds, x):
        """What stands for values that are missing or at an atom."""
        if seeds is None:
            return tf.zeros_like(x)
        return noise.normal(noise.fold_in(seeds, noise.MISSING), tuple(x.shape[1:]), x.dtype)


def _fraction(step: float) -> tuple[float, float]:
    """The numerator and the denominator of a step such as 0.3, or itself and 1; 1 and 1 for no step."""
    near = Fraction(step or 1.0).limit_denominator(10**9)
    exact = near.numerator / near.denominator == (step or 1.0)
    return (near.numerator, near.denominator) if exact else (step, 1)
