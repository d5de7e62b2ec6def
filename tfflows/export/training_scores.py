"""Scores of the training set, in nats, saved with a model: the reference for flagging unusual events."""

from pathlib import Path

import numpy as np

from tfflows.datasets import Split
from tfflows.splits import WEIGHT, without_weight

TRAINING_SCORES = "training_scores.npy"
MOST = 10_000  # the 1% quantile of this many has a standard error of 0.1%


def scores(reloaded, split: Split, *, batch_size: int) -> np.ndarray:
    """Log-probabilities by a SavedModel, as a server gives them: float32, ascending, in nats.

    Args:
        reloaded: The SavedModel.
        split: Training set, or another split to compare with. At most 10,000 events are scored: random ones, as files
            are often sorted, or the first ones of a dataset that TFDS shuffled when it prepared it.
        batch_size: Number of events in a call.
    """
    score, found, weights = reloaded.signatures["log_prob"], [], []
    for batch in split.events(key=0).take(MOST).batch(batch_size):
        found.append(score(**without_weight(batch))["log_prob"].numpy())
        weights.append(batch[WEIGHT].numpy() if WEIGHT in batch else np.ones(len(found[-1])))
    return weighted(np.concatenate(found), np.concatenate(weights))


def weighted(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """As many scores, ascending, in which each one is repeated, or left out, as its weight says."""
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order], dtype=np.float64)
    middles = (np.arange(len(scores)) + 0.5) / len(scores) * below[-1]
    return scores[order][np.searchsorted(below, middles)]


def write(version: Path, scores: np.ndarray) -> None:
    """Writes the scores into the folder of a version."""
    np.save(version / TRAINING_SCORES, scores.astype(np.float32))
