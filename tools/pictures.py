"""Makes the pictures of the documentation, `python -m tools.pictures`; it needs the datasets of the models it shows."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import zoo
from tfflows import datasets, figures
from tfflows.models import Flow
from zoo.pretrained import rows

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ROWS, COLUMNS = 8, 8


def data_beside_samples(name: str, dataset: str, *, temperature: float = 1.0) -> None:
    """The first test images of a dataset next to samples of a pretrained model, not chosen by hand."""
    data, model = datasets.load(dataset), zoo.load(name)
    x = next(data.test.examples.batch(ROWS * COLUMNS).as_numpy_iterator())["x"]
    samples = model.sample(ROWS * COLUMNS, seed=0, temperature=temperature).numpy()
    panels = {"test set": x, f"samples of {name}": samples}
    sheet = figures.titled({title: figures.grid(np.asarray(images), data.event) for title, images in panels.items()})
    figures.save(sheet, IMAGES / f"{name}.png")


def density_beside_samples(name: str, *, reach: float = 4.5, points: int = 300) -> None:
    """The density of a pretrained two-dimensional model, and 5,000 of its samples."""
    model = zoo.load(name)
    draws = 1 if isinstance(model, Flow) else 100  # a bound needs this many to be as good as the density
    axis = np.linspace(-reach, reach, points, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(grid, num_importance_samples=draws).numpy()).reshape(points, points)
    x = model.sample(5000, seed=0).numpy()
    figure, axes = plt.subplots(1, 2, figsize=(8, 4), sharex=True, sharey=True)
    # A bound may give a single distant point a weight that dominates all others.
    axes[0].imshow(density, extent=(-reach, reach) * 2, origin="lower", vmax=np.quantile(density, 0.999))
    axes[0].set_title(f"density of {name}")
    axes[1].scatter(x[:, 0], x[:, 1], s=1, alpha=0.5, linewidths=0)
    axes[1].set_title("samples")
    axes[1].set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    figures.save(figures.rendered(figure), IMAGES / f"{name}.png")


def energy_beside_samples(name: str, dataset: str) -> None:
    """The density of a target next to 5,000 samples of a model that was fitted to it."""
    sheet = figures.picture(zoo.load(name).sample(5000, seed=0).numpy(), datasets.load(dataset))
    figures.save(sheet, IMAGES / f"{name}.png")


def main() -> None:
    """Draws a picture of each pretrained model."""
    for row in rows():
        if row["dataset"].startswith("toy/"):
            density_beside_samples(row["id"])
        elif row["dataset"].startswith("energy/"):
            energy_beside_samples(row["id"], row["dataset"])
        else:
            data_beside_samples(row["id"], row["dataset"])


if __name__ == "__main__":
    main()
