"""Records the score of a Gaussian: `python -m tools.gaussian DATASET` adds a row to docs/results.csv.

The Gaussian has the mean and the covariance of the training set, which is its fit of maximum likelihood; that of images
is a Gaussian of their logits. "Masked Autoregressive Flow for Density Estimation" (1705.07057) reports its score in
tables 1 and 2, which tells whether data that were prepared anew, such as `bsds300_patches`, are those of the paper, and
whether scores have the same unit.
"""

import time
from collections.abc import Sequence

import numpy as np
from sklearn.covariance import EmpiricalCovariance

from tfflows import datasets
from tfflows.errors import check
from tfflows.events import Event
from tfflows.export import provenance
from tfflows.splits import Split
from tools import command, logit_space, results

PAPER = "1705.07057"
PUBLISHED = {
    "power": "-7.74",
    "gas": "-3.58",
    "hepmass": "-27.93",
    "miniboone": "-37.24",
    "bsds300": "96.67",
    "bsds300_patches": "96.67",
    "mnist": "-1366.9",
}


def row(dataset: str) -> results.Row:
    """The row of the table of results.

    Raises:
        InputError: The events of `dataset` are neither real vectors nor images.
    """
    start, event = time.perf_counter(), datasets.event(dataset)
    is_plain = event.discrete == (event.kind == "image") and not event.columns and not event.condition_size
    check(is_plain, "Expected a dataset of real vectors, or of images, without conditions.", dataset=dataset)
    data, random = datasets.load(dataset), np.random.default_rng(0)
    scores = log_probs(*(events(split, event, random) for split in (data.train, data.test)))
    size, unit = event.size, logit_space.UNIT if event.discrete else "nats"
    return {
        **{"id": f"gaussian_{dataset.replace('/', '_')}", "model": "gaussian", "dataset": dataset, "preset": ""},
        **{"seed": 0, "steps": 0, "seconds": round(time.perf_counter() - start, 1)},
        **{"machine": provenance.hardware(), "commit": provenance.environment()["commit"]},
        **{"parameters": size + size * (size + 1) // 2, "unit": unit, "value": round(float(scores.mean()), 4)},
        **{"standard_error": round(float(scores.std() / len(scores) ** 0.5), 4)},
        **{"kind": "bound" if event.discrete else "exact", "draws": 1},
        **{"published": f"{PUBLISHED[dataset]} {unit}" if dataset in PUBLISHED else "", "source": f"arXiv {PAPER}"},
    }


def events(split: Split, event: Event, random: np.random.Generator) -> np.ndarray:
    """All events of a split as vectors, in float64."""
    batches = split.events().batch(10_000).as_numpy_iterator()
    x = np.concatenate([batch["x"] for batch in batches]).astype(np.float64)
    return logit_space.vectors(x, event, random) if event.discrete else x


def log_probs(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Log-densities of `test` under the Gaussian with the moments of `train`."""
    gaussian = EmpiricalCovariance().fit(train)
    _, log_det = np.linalg.slogdet(2 * np.pi * gaussian.covariance_)
    return -(gaussian.mahalanobis(test) + log_det) / 2


def main(argv: Sequence[str] | None = None) -> None:
    """Records the row of one dataset."""
    parser = command.parser(__doc__)
    parser.add_argument("dataset")
    with command.errors_in_one_line("tools.gaussian"):
        results.record(row(parser.parse_args(argv).dataset))


if __name__ == "__main__":
    main()
