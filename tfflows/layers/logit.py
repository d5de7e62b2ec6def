"""The layer that precedes flows of images: a logit of the pixels, or a linear map."""

from typing import Any

import numpy as np

from tfflows import bijectors
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.affine import Rescale
from tfflows.layers.base import FlowLayer
from tfflows.values import check_entries


class Logit(FlowLayer):
    """`bijectors.Logit`: from data in [0, high] to the real line.

    Args:
        high: Upper end of the data, such as 256 for dequantized pixels of 8 bits.
        alpha: Distance from the ends of the interval in which the logit is taken, in (0, 0.5).

    Raises:
        InputError: `alpha` is out of range.
    """

    def __init__(self, *, high: float, alpha: float, **kwargs: Any):
        super().__init__(**kwargs)
        check(0 < alpha < 0.5, "Expected `alpha` to be in (0, 0.5).", alpha=alpha)
        self.high = high
        self.alpha = alpha

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Logit(high=self.high, alpha=self.alpha)

    def check_range(self, x: np.ndarray) -> None:
        """Raises `InputError` for data that are so far outside of [0, high] that their density is 0."""
        share = self.alpha + (1 - 2 * self.alpha) * x / self.high
        rule = f"Expected each entry of `x` to be in [0, {self.high:g}], as a logit is taken of it: rescale the data."
        check_entries("x", x, (share > 0) & (share < 1), rule)


def pixel_layer(event: Event, alpha: float, *, low: float, high: float) -> FlowLayer:
    """The first layer of a flow of images: `Logit` if `alpha` is positive; 0 maps the pixels to [low, high]."""
    levels = float(event.levels or 1)
    return Logit(high=levels, alpha=alpha) if alpha else Rescale(high=levels / (high - low), shift=low)
