"""Samples of models of several depths side by side: `python -m tools.depth EXPORT ...` draws docs/images/depth.png.

The latents of all models have the same seed, and the temperature of the Glow paper's figures, 0.7. The scores are those
of the test set.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import zoo
from tfflows import figures
from tfflows.errors import check
from tools import command
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


def main(argv: Sequence[str] | None = None) -> None:
    """Draws exports, from left to right."""
    parser = command.parser(__doc__)
    parser.add_argument("exports", nargs="+", type=Path, help="folders of exports")
    with command.errors_in_one_line("tools.depth"):
        figures.save(figures.titled(dict(map(panel, parser.parse_args(argv).exports))), IMAGES / "depth.png")


if __name__ == "__main__":
    main()
