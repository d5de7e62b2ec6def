"""Scores that an export had when it was made, to check that later versions of the code and its dependencies agree."""

import json
from pathlib import Path

import numpy as np

NAME = "golden.json"


def write(folder: Path, nats: np.ndarray) -> None:
    """Writes the log-likelihoods, `[n]`, of the first events of the test set."""
    (folder / NAME).write_text(json.dumps({"log_prob": [round(float(value), 4) for value in nats]}) + "\n")


def read(folder: Path) -> np.ndarray:
    """The log-likelihoods, `[n]`, of the first `n` events of the test set, in the order of the dataset."""
    return np.array(json.loads((folder / NAME).read_text())["log_prob"])
