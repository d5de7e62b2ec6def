"""The real columns of a table, between raw units and what a flow sees: on the real line, standardized, with noise."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors import Support
from tfflows.bijectors.base import sum_event
from tfflows.columns import Column, arrays


class RealColumns:
    """The map between real entries in raw units, float64, and the events of a flow.

    Args:
        columns: The columns, all of kind `"real"`.
        dtype: Type of the flow's events.
    """

    def __init__(self, columns: Sequence[Column], dtype: str):
        ends = arrays(columns)
        self.low, self.high, self.step = ends["low"], ends["high"], ends["step"]
        self.center = np.array([column.center for column in columns])
        self.missing = [place for place, column in enumerate(columns) if column.missing]
        self.dtype = dtype
        self._support = lambda: Support(self.low, self.high, ends["shift"], ends["scale"])

    def standardized(
        self, x: tf.Tensor, seeds: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None, tf.Tensor]:
        """Real entries as the flow sees them; noise has the seed of each row, or its central value without seeds.

        Returns:
            The entries, `[batch, real]`; the log-determinant of this map, less the log-density of the noise in place
            of missing values, float64 `[batch]`; which of the entries that may be missing are, or None; and whether
            the row is inside of the supports, bool `[batch]`.
        """
        x, missing = self._in_cells(x, seeds), tf.math.is_nan(x)
        inside = (x > self.low) & (x < self.high)
        support = self._support()
        x = tf.where(inside, x, self.center)
        z, log_det = support.inverse(x), support.inverse_log_det_jacobian(x, event_ndims=0)
        if self.missing:
            fill = self._fill(seeds, x)
            z = tf.where(missing, fill, z)
            log_det = tf.where(missing, 0.5 * (fill**2 + math.log(2 * math.pi)), log_det)
        flags = tf.cast(tf.gather(missing, self.missing, axis=1), self.dtype) if self.missing else None
        inside = tf.reduce_all(inside | missing, axis=-1)
        return tf.cast(z, self.dtype), sum_event(log_det, 1), flags, inside

    def none_missing(self, rows: tf.Tensor) -> tf.Tensor | None:
        """What `standardized` returns for complete rows."""
        return tf.zeros([rows, len(self.missing)], self.dtype) if self.missing else None

    def raw(self, z: tf.Tensor) -> tf.Tensor:
        """Real entries in raw units, inside of their supports, and multiples of the step where there is one."""
        x = self._support().forward(tf.cast(z, tf.float64))
        numerator, denominator = np.transpose([_fraction(step) for step in self.step])
        cell = tf.clip_by_value(tf.round(x * (denominator / numerator)), *self._cells())
        cell = tf.where(tf.equal(cell, 0), tf.zeros_like(cell), cell)  # not -0, whose noise would be another
        x = tf.clip_by_value(x, np.nextafter(self.low, math.inf), np.nextafter(self.high, -math.inf))
        # Divided by a whole number where the step is a fraction: 3 / 10 is 0.3, but 3 * 0.1 is not. The divisor is
        # hidden from the graph optimizer, which would multiply by the reciprocal of a constant.
        divisor = np.where(self.step > 0, denominator, 1.0)
        divisor = tf.raw_ops.PlaceholderWithDefault(input=tf.constant(divisor), shape=divisor.shape)
        return tf.where(self.step > 0, cell * numerator, x) / divisor

    def _cells(self):
        """The first and the last multiple of the step whose cell is inside of the support."""
        step, rounding = np.where(self.step > 0, self.step, 1.0), 1e-6
        return np.ceil(self.low / step + 0.5 - rounding), np.floor(self.high / step - 0.5 + rounding)

    def _in_cells(self, x, seeds):
        """Values of rounded columns anywhere in their cells; others unchanged."""
        if not self.step.any():
            return x
        place = 0.5 * tf.ones_like(x)
        if seeds is not None:
            place = noise.uniform(noise.fold_in(seeds, noise.CELLS), tuple(x.shape[1:]), x.dtype)
        step = np.where(self.step > 0, self.step, 1.0)
        return tf.where(self.step > 0, (tf.round(x / step) + place - 0.5) * step, x)

    def _fill(self, seeds, x):
        """What stands for missing values."""
        if seeds is None:
            return tf.zeros_like(x)
        return noise.normal(noise.fold_in(seeds, noise.MISSING), tuple(x.shape[1:]), x.dtype)


def _fraction(step: float) -> tuple[float, float]:
    """The numerator and the denominator of a step such as 0.3, or itself and 1; 1 and 1 for no step."""
    near = Fraction(step or 1.0).limit_denominator(10**9)
    exact = near.numerator / near.denominator == (step or 1.0)
    return (near.numerator, near.denominator) if exact else (step, 1)
