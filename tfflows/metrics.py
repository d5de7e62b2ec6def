"""Units of a score, the only place where nats become bits, and the threshold below which an event is an outlier.

A log-likelihood is in nats per event, in raw data units: for an event with integer pixels it is the log of a
probability, so no further correction for scaling, logit or dequantization is needed.
"""

import enum
import math
from typing import Any

import numpy as np

from tfflows.events import Event


class ScoreKind(enum.StrEnum):
    """What the log-likelihoods of a model are."""

    EXACT = "exact"
    BOUND = "bound"
    ESTIMATE = "estimate"
    ESTIMATE_OF_BOUND = "estimate of a bound"

    @classmethod
    def of(cls, *, bound: bool, estimate: bool) -> "ScoreKind":
        """The kind of a score that is, or is not, a bound, an estimate, or both."""
        if estimate:
            return cls.ESTIMATE_OF_BOUND if bound else cls.ESTIMATE
        return cls.BOUND if bound else cls.EXACT

    @property
    def text(self) -> str:
        """The words after a score, such as " (a lower bound)"; none after an exact one."""
        words = {self.BOUND: "a lower bound", self.ESTIMATE: "an unbiased estimate"}
        words[self.ESTIMATE_OF_BOUND] = "an unbiased estimate of a lower bound"
        return "" if self is self.EXACT else f" ({words[self]})"


def nll(log_prob: Any) -> Any:
    """Negative log-likelihood, nats per event."""
    return -log_prob


def bits_per_dim(log_prob: Any, event: Event) -> Any:
    """Bits per dimension: `-log_prob / (log(2) * size)`, lower is better.

    Args:
        log_prob: Nats per event; a number, array or tensor.
        event: The event, whose `size` is the number of dimensions (32 * 32 * 3 = 3072 for CIFAR-10).
    """
    return -log_prob / (math.log(2.0) * event.size)


def rescaled_log_prob(log_prob: Any, event: Event, *, scale: float) -> Any:
    """Log-density of `x` in raw units from that of `x / scale`: `log_prob - size * log(scale)`.

    Papers that score data scaled to [0, 1] report the density of `x / 256`; with `scale=256` this gives the bound on
    the log-probability of the pixels (NICE's 1980.50 nats on MNIST are 4.36 bits/dim).
    """
    return log_prob - event.size * math.log(scale)


def lower_quantile(scores: np.ndarray, share: float, weight: np.ndarray | None = None) -> float:
    """The largest of the scores below which there is at most this share of their weight: the threshold of an outlier.

    Args:
        scores: Log-likelihoods, `[rows]`; minus infinity is the lowest of all.
        share: Share of the weight, in [0, 1).
        weight: The weight of each score; None for equal weights.
    """
    order = np.argsort(scores)
    weights = np.ones(len(scores)) if weight is None else np.asarray(weight, np.float64)[order]
    place = np.searchsorted(np.cumsum(weights), share * weights.sum(), side="right")
    return float(scores[order[min(place, len(order) - 1)]])
