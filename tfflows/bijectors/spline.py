"""Monotonic rational-quadratic splines: flexible scalar bijectors with closed forms in both directions."""

import dataclasses
import math
from typing import NamedTuple

import tensorflow as tf

from tfflows.bijectors import leading
from tfflows.bijectors.base import Bijector
from tfflows.bijectors.elementwise import ScalarTransformer
from tfflows.errors import check

MIN_WIDTH = 1e-3  # of a bin, as a fraction of the interval; the same for heights
MIN_SLOPE = 1e-3


class Bin(NamedTuple):
    """A piece of a spline, or all pieces along the leading axis: lower left corner, size, slopes at the two ends."""

    x: tf.Tensor
    y: tf.Tensor
    width: tf.Tensor
    height: tf.Tensor
    left: tf.Tensor
    right: tf.Tensor

    @property
    def slope(self) -> tf.Tensor:
        """Slope of the chord, `s` in the paper."""
        return self.height / self.width

    @property
    def excess(self) -> tf.Tensor:
        """How much steeper the two ends together are than the chord; 0 for a straight line."""
        return self.left + self.right - 2 * self.slope


class Spline(Bijector):
    """A piecewise rational-quadratic function on [-bound, bound], and the identity outside.

    With `t = (x - bin.x) / bin.width` in the bin that contains `x`, `s` the slope of its chord, `l` and `r` the slopes
    at its ends:

        d = s + (l + r - 2 * s) * t * (1 - t)
        inverse:  z = bin.y + bin.height * (s * t**2 + l * t * (1 - t)) / d
        forward:  x = bin.x + bin.width * t,  t = 2 * c / (-b - sqrt(b**2 - 4 * a * c)),
                  a root of the quadratic with  c = -s * h,  b = bin.height * l - h * (l + r - 2 * s),
                  a = bin.height * (s - l) + h * (l + r - 2 * s),  where h = z - bin.y
        log-det:  log |dz/dx| = log(s**2 * (r * t**2 + 2 * s * t * (1 - t) + l * (1 - t)**2)) - 2 * log(d)

    Args:
        widths: Sizes of the bins on the side of the data, `[bins, batch, ..., channels]`, positive; their sum is
            `2 * bound`.
        heights: Sizes of the bins on the side of the latent, of the same shape, positive, with the same sum.
        slopes: Slopes at the knots, `[bins + 1, batch, ..., channels]`, positive; 1 at both ends, or equal there on a
            circle.
        bound: Bound of the interval.

    The values that are mapped have no more axes than `[batch, ..., channels]`.

    Source: Durkan et al., "Neural Spline Flows" (1906.04032), section 3.1, after Gregory and Delbourgo (1982); the
    inverse: appendix A.
    Differs from the paper: nothing.
    """

    def __init__(self, widths: tf.Tensor, heights: tf.Tensor, slopes: tf.Tensor, *, bound: float):
        super().__init__(event_ndims=0, name="spline")
        self.bound = bound
        (x, widths), (y, heights) = _intervals(widths, bound), _intervals(heights, bound)
        slopes = tf.unstack(slopes)
        self.bins = Bin(x, y, widths, heights, left=tf.stack(slopes[:-1]), right=tf.stack(slopes[1:]))

    def inverse_and_log_det(self, x):
        # Clipped before the math: what is not selected below must not be infinite, or its gradient is NaN.
        inside = tf.clip_by_value(x, -self.bound, self.bound)
        piece = self._bin(self.bins.x, inside)
        t = (inside - piece.x) / piece.width
        numerator = piece.slope * t**2 + piece.left * t * (1 - t)
        z = piece.y + piece.height * numerator / (piece.slope + piece.excess * t * (1 - t))
        return self._with_tails(x, z, _log_slope(piece, t))

    def forward_and_log_det(self, z):
        inside = tf.clip_by_value(z, -self.bound, self.bound)
        piece = self._bin(self.bins.y, inside)
        rise = inside - piece.y
        a = piece.height * (piece.slope - piece.left) + rise * piece.excess
        b = piece.height * piece.left - rise * piece.excess
        c = -piece.slope * rise
        t = 2 * c / (-b - tf.sqrt(tf.maximum(b**2 - 4 * a * c, 0)))
        return self._with_tails(z, piece.x + piece.width * t, -_log_slope(piece, t))

    def _bin(self, corners, value):
        """The bin of each value, by sums over all bins: exact, and faster than a gather on every device."""
        reached = tf.cast(value >= corners, value.dtype)
        selector = reached - tf.concat([reached[1:], tf.zeros_like(reached[:1])], axis=0)
        return Bin(*(tf.reduce_sum(values * selector, axis=0) for values in self.bins))

    def _with_tails(self, value, mapped, log_slope):
        inside = (value >= -self.bound) & (value < self.bound)
        return tf.where(inside, mapped, value), tf.where(inside, log_slope, tf.zeros_like(value))


def _intervals(sizes, bound):
    """Where each bin begins, and its size; the last one ends at exactly `bound`.

    Adding the sizes one by one is faster than `tf.cumsum`.
    """
    begins = [tf.fill(tf.shape(sizes)[1:], tf.constant(-bound, sizes.dtype))]
    sizes = tf.unstack(sizes)[:-1]
    for size in sizes:
        begins.append(begins[-1] + size)
    return tf.stack(begins), tf.stack([*sizes, bound - begins[-1]])


def _log_slope(piece, t):
    weighted = piece.right * t**2 + 2 * piece.slope * t * (1 - t) + piece.left * (1 - t) ** 2
    denominator = piece.slope + piece.excess * t * (1 - t)
    return 2 * tf.math.log(piece.slope) + tf.math.log(weighted) - 2 * tf.math.log(denominator)


@dataclasses.dataclass(frozen=True)
class RationalQuadratic(ScalarTransformer):
    """A rational-quadratic spline of `3 * bins - 1` parameters: widths and heights of bins, slopes at the inner knots.

    With all parameters zero it is the identity.

    Args:
        bins: Number of bins, 1 to 999.
        bound: The spline acts on [-bound, bound]; outside it is the identity.

    Raises:
        InputError: A number is out of range.

    Source: Durkan et al., "Neural Spline Flows" (1906.04032), section 3.1.
    Differs from the paper: zeros give slopes of 1, as a constant is added before the softplus; the authors' code does
    that only for the slopes at both ends. In couplings, it also divides the logits of widths and heights by the
    square root of the number of hidden units.
    """

    bins: int = 8
    bound: float = 3.0

    def __post_init__(self):
        check(1 <= self.bins < 1 / MIN_WIDTH, "Expected `bins` to be in 1..999.", bins=self.bins)
        check(self.bound > 0, "Expected `bound` to be positive.", bound=self.bound)

    @property
    def size(self):
        return 3 * self.bins - 1

    def __call__(self, parameters):
        parameters = leading.parameters_first(parameters)
        return self.with_ends(parameters, tf.ones_like(parameters[:1]))

    def with_ends(self, parameters: tf.Tensor, end: tf.Tensor) -> Spline:
        """The spline with parameters `[size, batch, ..., channels]` whose slope at both ends is `end`, of size 1."""
        widths, heights, slopes = tf.split(parameters, [self.bins, self.bins, self.bins - 1], axis=0)
        slopes = tf.concat([end, self.slopes(slopes), end], axis=0)
        return Spline(self._sizes(widths), self._sizes(heights), slopes, bound=self.bound)

    @staticmethod
    def slopes(parameters: tf.Tensor) -> tf.Tensor:
        """Positive slopes, 1 where the parameter is 0."""
        return MIN_SLOPE + tf.math.softplus(parameters + math.log(math.expm1(1 - MIN_SLOPE)))

    def _sizes(self, logits):
        """Sizes of the bins, each at least `MIN_WIDTH` of the interval."""
        return 2 * self.bound * (MIN_WIDTH + (1 - MIN_WIDTH * self.bins) * leading.softmax(logits))
