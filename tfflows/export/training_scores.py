"""Scores of the training set, kept with a model: what an event is unusual by, in nats."""

from pathlib import Path

import numpy as np

from tfflows.datasets import Split

TRAINING_SCORES = "training_scores.npy"
MOST = 10_000  # the 1 % quantile of as many has a standard error of 0.1 %


def scores(reloaded, train: Split, *, batch_size: int) -> np.ndarray:
    """Log-probabilities by a SavedModel, as a server gives them: float32, ascending, in nats.

    Args:
        reloaded: The SavedModel.
        train: The training set, of which the first 10,000 events count; TFDS shuffles a dataset when it prepares it.
        batch_size: Events in a call.
    """
    score = reloaded.signatures["log_prob"]
    batches = train.events().take(MOST).batch(batch_size)
    return np.sort(np.concatenate([score(**batch)["log_prob"].numpy() for batch in batches]))


def write(version: Path, scores: np.ndarray) -> None:
    """Writes them into the folder of a version."""
    np.save(version / TRAINING_SCORES, scores.astype(np.float32))
