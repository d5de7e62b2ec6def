"""Samples of models of several depths side by side: `python -m tools.depth EXPORT ...` draws docs/images/depth.png.

The latents of all models have the same seed, and the temperature of the Glow paper's figures, 0.7. The scores are those
of the test set.
"""

import json
import sys
from pathlib import Path

import numpy as np

import zoo
from tfflows import figures
from tfflows.errors import InputError, check
from tools.pictures import IMAGES

ROWS, TEMPERATURE = 8, 0.7


def panel(folder: Path) -> tuple[str, np.ndarray]:
    """Title and samples of an export of images."""
    model = zoo.load(str(folder))
    check(bool(figures.image_shape(model.event)), "Expected a model of images.", folder=str(folder))
    score = json.loads((folder / "metrics.json").read_text())
    samples = model.sample(ROWS**2, seed=0, temperature=TEMPERATURE).numpy()
    title = f"{folder.name}: {score['bits_per_dim']:.3f} ± {score['bits_per_dim_se']:.3f} bits/dim"
    return title, figures.grid(samples, model.event)


def main(folders: list[str]) -> None:
    """Draws the exports in `folders`, from left to right."""
    try:
        check(bool(folders), "Expected the folders of exports.", arguments=folders)
        figures.save(figures.titled(dict(panel(Path(folder)) for folder in folders)), IMAGES / "depth.png")
    except InputError as error:
        sys.exit(f"tools.depth: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
