"""Circular splines: monotonic maps of a circle onto itself."""

import dataclasses
import math

import tensorflow as tf

from tfflows.bijectors import leading
from tfflows.bijectors.base import Bijector
from tfflows.bijectors.elementwise import ScalarTransformer
from tfflows.bijectors.spline import RationalQuadratic, Spline


class Circular(Bijector):
    """A rotation of the circle, then a spline that fixes the angle pi and has a continuous slope there.

        inverse:  z = spline.inverse(wrap(x + phase))
        forward:  x = wrap(spline.forward(z) - phase)
        log-det:  that of the spline

    `wrap` takes an angle to [-pi, pi).

    Args:
        spline: Spline on [-pi, pi], with the same slope at both ends.
        phase: Angle of the rotation.

    Source: Rezende et al., "Normalizing Flows on Tori and Spheres" (2002.02428), section 2.1, "Circular splines".
    Differs from the paper: the rotation comes first.
    """

    def __init__(self, spline: Spline, phase: tf.Tensor):
        super().__init__(event_ndims=0, name="circular")
        self.spline = spline
        self.phase = phase

    def inverse_and_log_det(self, x):
        return self.spline.inverse_and_log_det(wrap(x + self.phase))

    def forward_and_log_det(self, z):
        x, log_det = self.spline.forward_and_log_det(z)
        return wrap(x - self.phase), log_det


def wrap(angle: tf.Tensor) -> tf.Tensor:
    """The same angle in [-pi, pi)."""
    wrapped = tf.math.floormod(angle + math.pi, 2 * math.pi) - math.pi
    return tf.where(wrapped < math.pi, wrapped, -tf.ones_like(wrapped) * math.pi)


@dataclasses.dataclass(frozen=True)
class CircularSpline(ScalarTransformer):
    """A circular spline of `3 * bins + 1` parameters: widths and heights of bins, slopes at the knots, and the phase.

    With all parameters zero it is the identity.

    Args:
        bins: Number of bins.
    """

    bins: int = 8

    @property
    def size(self):
        return 3 * self.bins + 1

    def __call__(self, parameters):
        interval = RationalQuadratic(self.bins, bound=math.pi)
        inner, end, phase = tf.split(leading.parameters_first(parameters), [interval.size, 1, 1], axis=0)
        return Circular(interval.with_ends(inner, interval.slopes(end)), phase[0])
