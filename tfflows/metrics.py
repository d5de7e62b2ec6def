"""Units of a score, the only place where nats become bits, and the threshold below which an event is an outlier.

A log-likelihood is in nats per event, in raw data units: for an event with integer pixels it is the log of a
probability, so no further correction for scaling, logit or dequantization is needed.
"""

import math
from typing import Any

import numpy as np

from tfflows.events import Event


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


def kind_of_score(*, exact: bool, estimate: bool, discrete: bool) -> str:
    """The qualifier printed after a score, such as " (a lower bound)"; empty for an exact score."""
    if estimate:
        return " (an unbiased estimate of a lower bound)" if discrete else " (an unbiased estimate)"
    return "" if exact else " (a lower bound)"


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
