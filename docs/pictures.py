"""Makes the pictures of the documentation: `python docs/pictures.py`; needs the datasets of the models it shows."""

from pathlib import Path

import numpy as np

import zoo
from tfflows import datasets, figures

HERE = Path(__file__).parent / "images"
ROWS, COLUMNS = 8, 8


def data_beside_samples(name: str, dataset: str, *, temperature: float = 1.0) -> None:
    """The first test images of a dataset beside samples of a pretrained model, not chosen by hand."""
    data, model = datasets.load(dataset), zoo.load(name)
    x = next(data.test.examples.batch(ROWS * COLUMNS).as_numpy_iterator())["x"]
    samples = model.sample(ROWS * COLUMNS, seed=0, temperature=temperature).numpy()
    panels = {"test set": x, f"samples of {name}": samples}
    sheet = figures.titled({title: figures.grid(np.asarray(images), data.event) for title, images in panels.items()})
    figures.save(sheet, HERE / f"{name}.png")


if __name__ == "__main__":
    data_beside_samples("realnvp_fashion_mnist", "fashion_mnist")
    data_beside_samples("realnvp_digits", "digits")
