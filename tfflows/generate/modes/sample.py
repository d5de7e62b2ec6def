"""Samples at several temperatures, or of each class."""

from collections.abc import Sequence

import numpy as np

from tfflows import figures
from tfflows.errors import check
from tfflows.generate import sampling
from tfflows.generate.result import Result
from tfflows.generate.sheets import drawn
from tfflows.generate.trained import Trained


def sample(
    trained: Trained,
    *,
    n: int = 8,
    temperatures: Sequence[float] | None = None,
    label: int | None = None,
    seed: int = 0,
) -> Result:
    """Samples: a row for each temperature, or for each class; vectors as scatter plots, tables as corner plots.

    Args:
        trained: A model.
        n: Number of samples in a row; vectors get 250 times as many.
        temperatures: Factors of the latent noise; by default those of figure 8 of the Glow paper, and 1.0 for a
            class-conditional model.
        label: The class of all samples; by default each class has a row.
        seed: Seed of the samples.
    """
    model, event = trained.model, trained.model.event
    is_image = figures.image_shape(event) is not None
    rule = "Expected no `label`: this model is not class-conditional."
    check(label is None or event.classes > 0, rule, label=label)
    count, classes = n if is_image else 250 * n, [None]
    if event.classes:
        classes = range(event.classes) if label is None else [label]
    if temperatures is None:
        temperatures = sampling.TEMPERATURES if len(classes) == 1 and is_image else (1.0,)
    context = trained.examples(1)["context"][0] if event.context else None
    rows = {}
    for each in classes:
        settings = {"temperatures": temperatures, "seed": seed}
        found = sampling.at_temperatures(model, count, each, context, **settings).numpy()
        for value, row in zip(temperatures, found, strict=True):
            rows[_title(each, value, len(classes), len(temperatures), event.labels)] = row
    return Result(drawn(rows, trained.model.event), {"samples": np.stack(list(rows.values()))})


def _title(label, temperature, classes, temperatures, names):
    parts = [f"T = {temperature:g}"] if temperatures > 1 or classes == 1 else []
    return ", ".join([*([names[label] if names else f"class {label}"] if label is not None else []), *parts])
