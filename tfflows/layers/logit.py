"""The layer that precedes flows of images: a logit of the pixels, or a linear map."""

from typing import Any

from tfflows import bijectors
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.affine import Rescale
from tfflows.layers.base import FlowLayer
from tfflows.values import check_entries


class Logit(FlowLayer):
    """`bijectors.Logit`: from data in [0, high] to the real line; `initialize` checks that data are in this range.

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

    def initialize(self, x, context=None):
        x = x.numpy()
        rule = f"Expected each entry of `x` to be in [0, {self.high:g}], where the logit is defined: rescale the data."
        check_entries("x", x, (x >= 0) & (x <= self.high), rule)


def pixel_layer(event: Event, alpha: float, *, low: float, high: float) -> FlowLayer:
    """The first layer of a flow of images: `Logit` if `alpha` is positive; 0 maps the pixels to [low, high]."""
    levels = float(event.levels or 1)
    return Logit(high=levels, alpha=alpha) if alpha else Rescale(high=levels / (high - low), shift=low)
