"""The logit that precedes flows of images, as a layer."""

from typing import Any

from tfflows import bijectors
from tfflows.errors import check
from tfflows.layers.base import FlowLayer


class Logit(FlowLayer):
    """`bijectors.Logit`: from data in [0, high] to the real line."""

    def __init__(self, *, high: float, alpha: float, **kwargs: Any):
        super().__init__(**kwargs)
        check(0 < alpha < 0.5, "Expected `alpha` to be in (0, 0.5).", alpha=alpha)
        self.high = high
        self.alpha = alpha

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Logit(high=self.high, alpha=self.alpha)
