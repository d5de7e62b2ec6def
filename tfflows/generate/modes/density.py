"""The density of a model: its picture in the plane, or histograms of log-likelihoods."""

import numpy as np

from tfflows.generate import densities
from tfflows.generate.result import Result
from tfflows.generate.trained import Trained, first_examples

SETS = {"training": "train", "test": "test"}


def density(trained: Trained, *, other: str | None = None, limit: int = 2000, seed: int = 0) -> Result:
    """Two-dimensional models: density, samples and the grid of latents; others, and with `other`: histograms of the
    log-likelihoods of training set, test set and another dataset, and how well they tell the latter from the test set.

    Args:
        trained: A model.
        other: Name of another dataset with such events.
        limit: Number of events of each set.
        seed: Seed of samples and noise.
    """
    model, event = trained.model, trained.model.event
    if event.shape == (2,) and not (event.columns or event.discrete or event.condition_size) and other is None:
        seen = trained.examples(limit, "train")["x"]
        return Result(densities.plane(model, seen, seed=seed), {"data": seen})
    examples = {f"{name} set": trained.examples(limit, part) for name, part in SETS.items()}
    if other is not None:
        examples[other] = first_examples(trained.like(other), limit, names=tuple(examples["test set"]))
    scores = {name: densities.log_likelihoods(model, rows, seed=seed) for name, rows in examples.items()}
    lines = [f"{name}: {np.mean(values):.3f} nats on average" for name, values in scores.items()]
    if other is not None:
        value = densities.auroc(-scores["test set"], -scores[other])
        lines.append(f"AUROC of low log-likelihoods, {other} against the test set: {value:.4f}")
    picture = densities.histograms(scores, xlabel="log-likelihood (nats)")
    return Result(picture, {name.replace(" ", "_"): values for name, values in scores.items()}, "\n".join(lines))
