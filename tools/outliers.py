"""Which images a density flags as outliers: `python -m tools.outliers` writes the table of docs/scoring.md.

It needs MNIST and Fashion-MNIST of TFDS; nothing is trained. `realnvp_fashion_mnist` scores the test set of
Fashion-MNIST, the same images altered, and the test set of MNIST.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from tfflows import datasets
from tfflows.events import Event
from tfflows.metrics import bits_per_dim
from tfflows.scoring import score
from tools import marks
from zoo.pretrained import exported_folder

MODEL, QUANTILE = "realnvp_fashion_mnist", 0.01
EVENT = Event((28, 28, 1), "uint8", 256)
DOCUMENT = Path(__file__).parents[1] / "docs" / "scoring.md"


def test_set(dataset: str, rows: int) -> np.ndarray:
    """The first images of the test set of `dataset`, uint8 `[rows, 28, 28, 1]`."""
    return datasets.load(dataset).test.arrays(rows)["x"]


def altered(rows: int) -> dict[str, np.ndarray]:
    """Images by their description, the same in every run."""
    x, random = test_set("fashion_mnist", rows), np.random.default_rng(0)
    noisy = np.clip(np.round(x + random.normal(scale=16.0, size=x.shape)), 0, 255).astype(np.uint8)
    shuffled = random.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape)
    return {
        "Fashion-MNIST's test set": x,
        "with Gaussian noise, standard deviation 16 of 255": noisy,
        "with the pixels of each image shuffled": shuffled,
        "upside down": x[:, ::-1],
        "MNIST's test set": test_set("mnist", rows),
    }


def scores(x: np.ndarray, folder: Path) -> np.ndarray:
    """The table of scores of `x`."""
    np.save(folder / "x.npy", x)
    score(exported_folder(MODEL), folder / "x.npy", folder / "scores.npy", flag_below_quantile=QUANTILE)
    return np.load(folder / "scores.npy")


def table(rows: int) -> str:
    """The table in Markdown, with a row for each kind of image."""
    lines = ["| images | nats per image | bits/dim | flagged |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for name, x in altered(rows).items():
            found = scores(x, Path(folder))
            nats, flagged = found["log_prob"].mean(dtype=np.float64), found["outlier"].mean()
            lines.append(f"| {name} | {nats:.1f} | {bits_per_dim(nats, EVENT):.3f} | {flagged:.1%} |")
    note = f"{rows:,} images each, `{MODEL}`, flagged below the {QUANTILE} quantile of its training set's scores."
    return "\n".join([*lines, "", note, ""])


def main() -> None:
    """Prints the table and writes it between its marks in the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="images of each kind")
    text = table(parser.parse_args().rows)
    print(text)
    marks.renew(DOCUMENT, "outliers", text)


if __name__ == "__main__":
    main()
