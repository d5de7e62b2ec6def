"""The pictures of the gallery, by the modes of `tfflows.generate`."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from tfflows import figures
from tfflows.files import atomic_write
from tfflows.generate import modes
from tfflows.models import Dequantized, GenerativeModel
from tools.trained import trained

MASKS = ("top", "left", "odd", "random_75")
SETTINGS = {
    "interpolation": (modes.interpolate, {"n": 4, "steps": 8, "path": "spherical"}),
    "inpainting": (modes.inpaint, {"hide": MASKS, "steps": 150}),
    "density": (modes.density, {}),
}
TEXTS = {
    "samples": "Events of the dataset beside samples of {id}",
    "interpolation": "Interpolations between images of the test set in the latent space of {id}",
    "inpainting": "Images, their known pixels with noise, and the likeliest images by {id}",
    "density": "The density of {id}, its samples, and its grid of latents",
}


def draw(row: Mapping[str, str], folder: Path) -> None:
    """Draws the pictures of a pretrained model, unless those in the folder are of the same files of it.

    Args:
        row: The row of the model in the table of pretrained models.
        folder: Folder of the pictures; `drawn.json` there says of which files they are, by their sha256.
    """
    record, name = folder / "drawn.json", row["id"]
    drawn = json.loads(record.read_text()) if record.exists() else {}
    if drawn.get(name) == row["sha256"]:
        return
    shown = trained(name)
    for kind in _kinds(shown.model, shown.dataset):
        mode, settings = SETTINGS[kind]
        figures.save(mode(shown, **settings).picture, folder / f"{name}_{kind}.png")
    _write({**drawn, name: row["sha256"]}, record)


def forget(known: Collection[str], folder: Path) -> None:
    """Removes what the record of the folder says of other models than the known ones."""
    record = folder / "drawn.json"
    drawn = {name: sha256 for name, sha256 in json.loads(record.read_text()).items() if name in known}
    _write(drawn, record)


def _write(drawn: Mapping[str, str], record: Path) -> None:
    with atomic_write(record) as beside:
        beside.write_text(json.dumps(drawn, indent=1, sort_keys=True) + "\n")


def _kinds(model: GenerativeModel, dataset: str) -> tuple[str, ...]:
    """The kinds of pictures that a model supports."""
    if figures.image_shape(model.event):
        return ("interpolation", "inpainting") if isinstance(model, Dequantized) else ("interpolation",)
    return ("density",) if model.event.shape == (2,) and not dataset.startswith("energy/") else ()
