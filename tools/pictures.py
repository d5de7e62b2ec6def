"""Makes the pictures of the documentation, `python -m tools.pictures [ID ...]`, of all pretrained models or of some; it
needs the datasets of the models it shows.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import zoo
from tfflows import datasets, figures
from tfflows.datasets import image_patches
from tfflows.generate import modes
from tfflows.models import Flow
from tools import command, results
from tools.trained import trained
from zoo.pretrained import rows

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ROWS, COLUMNS = 8, 8
SHOWN = "realnvp_fashion_mnist"
MODES = {
    "sample": {},
    "interpolate": {"path": "spherical"},
    "edit": {},
    "inpaint": {"hide": ("top", "left", "odd", "middle_vertically", "random_75"), "steps": 200},
    "ood": {"other": "mnist"},
}  # with their settings in docs/generate.md
PUBLISHED = {"cifar10": {"PixelCNN++": 2.92, "Flow++": 3.08, "RealNVP": 3.49}}


def data_beside_samples(name: str, dataset: str, *, temperature: float = 1.0) -> None:
    """The first test images of a dataset next to samples of a pretrained model, not chosen by hand."""
    data, model = datasets.load(dataset), zoo.load(name)
    x = data.test.arrays(ROWS * COLUMNS)["x"]
    samples = model.sample(ROWS * COLUMNS, seed=0, temperature=temperature).numpy()
    panels = {"test set": x, f"samples of {name}": samples}
    sheet = figures.titled({title: figures.grid(np.asarray(images), data.event) for title, images in panels.items()})
    figures.save(sheet, IMAGES / f"{name}.png")


def beside_training_set(name: str) -> None:
    """Samples of a pretrained model of a table or of patches beside the training set."""
    shown = trained(name)
    figures.save(figures.picture(shown.model.sample(2000, seed=0).numpy(), shown.data), IMAGES / f"{name}.png")


def density_beside_samples(name: str, *, reach: float = 4.5, points: int = 300) -> None:
    """The density of a pretrained two-dimensional model, and 5,000 of its samples."""
    model = zoo.load(name)
    draws = 1 if isinstance(model, Flow) else 100  # a bound needs this many to be as good as the density
    axis = np.linspace(-reach, reach, points, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(grid, num_importance_samples=draws).numpy()).reshape(points, points)
    x = model.sample(5000, seed=0).numpy()
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    # A bound may give a single distant point a weight that dominates all others.
    axes[0].imshow(density, extent=(-reach, reach) * 2, origin="lower", vmax=np.quantile(density, 0.999))
    axes[0].set_title(f"density of {name}")
    axes[1].scatter(x[:, 0], x[:, 1], s=1, alpha=0.5, linewidths=0)
    axes[1].set_title("samples")
    axes[1].set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    figures.save(figures.rendered(figure), IMAGES / f"{name}.png")


def learning_curves(dataset: str, published: dict[str, float]) -> None:
    """The scores of the validation set by the minutes of training, of all runs on a dataset whose curve is recorded.

    Args:
        dataset: Name of the dataset.
        published: Scores that are drawn as horizontal lines, by what they are of.
    """
    with (results.DOCS / "results.csv").open(newline="") as file:
        runs = [row for row in csv.DictReader(file) if row["dataset"] == dataset]
    with (results.DOCS / "curves.csv").open(newline="") as file:
        points = list(csv.DictReader(file))
    unit = next(point["unit"] for point in points if point["id"] in {run["id"] for run in runs})
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for run in runs:
        curve = [point for point in points if all(point[name] == run[name] for name in results.RUN)]
        minutes, values = ([float(point[name]) for point in curve] for name in ("seconds", "validation"))
        if curve:
            axes.plot([second / 60 for second in minutes], values, marker="o", markersize=3, label=run["id"])
    for number, (name, value) in enumerate(published.items()):
        axes.axhline(value, color="gray", linestyle=("--", ":", "-.")[number % 3], label=name)
    axes.set(xlabel="minutes of training", ylabel=f"validation set, {unit}", title=dataset)
    axes.legend()
    figures.save(figures.rendered(figure), IMAGES / f"curves_{dataset}.png")


def energy_beside_samples(name: str, dataset: str) -> None:
    """The density of a target next to 5,000 samples of a model that was fitted to it."""
    sheet = figures.picture(zoo.load(name).sample(5000, seed=0).numpy(), datasets.load(dataset))
    figures.save(sheet, IMAGES / f"{name}.png")


def of_modes(name: str) -> None:
    """The pictures of docs/generate.md, of a pretrained model of images."""
    shown = trained(name)
    for mode, settings in MODES.items():
        figures.save(getattr(modes, mode)(shown, **settings).picture, IMAGES / f"generate_{mode}.png")


def main(argv: Sequence[str] | None = None) -> None:
    """Draws a picture of each pretrained model, or of those with these ids; the learning curves; those of the modes."""
    parser = command.parser(__doc__)
    parser.add_argument("ids", nargs="*", help="ids of pretrained models (default: all)")
    ids = parser.parse_args(argv).ids
    for dataset, published in PUBLISHED.items():
        learning_curves(dataset, published)
    if not ids or SHOWN in ids:
        of_modes(SHOWN)
    for row in rows():
        if ids and row["id"] not in ids:
            continue
        if row["dataset"].startswith("toy/"):
            density_beside_samples(row["id"])
        elif row["dataset"].startswith("energy/"):
            energy_beside_samples(row["id"], row["dataset"])
        elif row["dataset"].endswith(".npz") or row["dataset"] in image_patches.NAMES:
            beside_training_set(row["id"])
        else:
            data_beside_samples(row["id"], row["dataset"])


if __name__ == "__main__":
    main()
