"""Scores of the training set, in nats, saved with a model: the reference by which an event is unusual."""

from pathlib import Path

import numpy as np

from tfflows.datasets import Split
from tfflows.splits import without_weight

TRAINING_SCORES = "training_scores.npy"
MOST = 10_000  # the 1% quantile of this many has a standard error of 0.1%


def scores(reloaded, split: Split, *, batch_size: int) -> np.ndarray:
    """Log-probabilities by a SavedModel, as a server gives them: float32, ascending, in nats.

    Args:
        reloaded: The SavedModel.
        split: Training set, of which the first 10,000 events are scored; TFDS shuffles a dataset when it prepares it.
            Or another split, to compare with.
        batch_size: Number of events in a call.
    """
    score = reloaded.signatures["log_prob"]
    batches = split.events().map(without_weight).take(MOST).batch(batch_size)
    return np.sort(np.concatenate([score(**batch)["log_prob"].numpy() for batch in batches]))


def write(version: Path, scores: np.ndarray) -> None:
    """Writes the scores into the folder of a version."""
    np.save(version / TRAINING_SCORES, scores.astype(np.float32))
