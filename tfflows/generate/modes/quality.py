"""The quality of samples, in the features of a classifier of the dataset."""

from pathlib import Path

import keras
import numpy as np

from tfflows import datasets, figures
from tfflows.generate import classifier
from tfflows.generate.densities import samples_in_batches
from tfflows.generate.quality import frechet_distance, precision_and_recall
from tfflows.generate.result import Result
from tfflows.generate.sheets import sheet
from tfflows.generate.trained import Trained, first_examples

SHOWN = 10


def quality(
    trained: Trained, *, features: Path | None = None, limit: int = 5000, temperature: float = 1.0, seed: int = 0
) -> Result:
    """Precision, recall and Frechet distance of samples, with those of the training set for comparison.

    The arrays `samples_quality` and `training_set_quality` hold the three numbers.

    Args:
        trained: A model of images whose dataset has labels.
        features: .keras file of the classifier, which is trained and written if it is not there; None keeps none.
        limit: Number of samples, and of events of each set.
        temperature: Temperature of the samples.
        seed: Seed of the classifier and of the samples.
    """
    trained.check_images()
    options = {name: value for name, value in trained.options.items() if name not in ("conditional", "flatten")}
    labeled = datasets.load(trained.dataset, **options, conditional=True)
    network = classifier.classifier(labeled, path=features, seed=seed)
    shape = figures.image_shape(trained.model.event)
    sets = {part: first_examples(labeled, limit, part)["x"] for part in ("train", "test")}
    event = trained.model.event
    label = None
    if event.classes:
        label = np.resize(first_examples(labeled, limit, "test", ("label",))["label"], limit)
    drawn = samples_in_batches(trained.model, limit, label, seed=seed, temperature=temperature).reshape(-1, *shape)
    found = _judged(network, sets["test"], {"samples": drawn, "training_set": sets["train"]})
    lines = [f"Classifier of {trained.dataset}: accuracy {classifier.accuracy(network, labeled):.4f} on the test set"]
    for name, (precision, recall, distance) in found.items():
        numbers = f"precision {precision:.3f}, recall {recall:.3f}, Frechet distance {distance:.2f}"
        lines.append(f"{name.replace('_', ' ')}: {numbers}")
    rows = {"test set": sets["test"][:SHOWN], "samples": drawn[:SHOWN]}
    arrays = {"samples": drawn, **{f"{name}_quality": numbers for name, numbers in found.items()}}
    return Result(sheet(rows, labeled.event), arrays, "\n".join(lines))


def _judged(network: keras.Model, test: np.ndarray, sets: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Precision, recall and Frechet distance of each set, against the test set."""
    real = classifier.features(network, test)
    found = {name: classifier.features(network, x) for name, x in sets.items()}
    return {name: np.array([*precision_and_recall(real, x), frechet_distance(real, x)]) for name, x in found.items()}
