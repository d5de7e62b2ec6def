"""The quality of samples, in the features of a classifier of the dataset."""

from pathlib import Path

import numpy as np

from tfflows import datasets, figures
from tfflows.generate import classifier
from tfflows.generate.quality import frechet_distance, precision_and_recall
from tfflows.generate.result import Result
from tfflows.generate.sheets import sheet
from tfflows.generate.trained import Trained, first_examples

SHOWN = 10


def quality(
    trained: Trained, *, features: Path | None = None, limit: int = 5000, temperature: float = 1.0, seed: int = 0
) -> Result:
    """Precision, recall and Frechet distance of samples, beside those of the training set, which no model can beat.

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
    drawn = trained.model.sample(limit, label, seed=seed, temperature=temperature).numpy().reshape(-1, *shape)
    real = classifier.features(network, sets["test"])
    lines = [f"Classifier of {trained.dataset}: accuracy {classifier.accuracy(network, labeled):.4f} on the test set"]
    for name, x in {"samples": drawn, "training set": sets["train"]}.items():
        found = classifier.features(network, x)
        precision, recall = precision_and_recall(real, found)
        distance = frechet_distance(real, found)
        lines.append(f"{name}: precision {precision:.3f}, recall {recall:.3f}, Frechet distance {distance:.2f}")
    rows = {"test set": sets["test"][:SHOWN], "samples": drawn[:SHOWN]}
    return Result(sheet(rows, labeled.event), {"samples": drawn}, "\n".join(lines))
