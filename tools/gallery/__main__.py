"""Writes the gallery: `python -m tools.gallery` draws the missing pictures; it needs the datasets of the models."""

from pathlib import Path

from tfflows.files import atomic_write
from tools.gallery.page import page
from tools.gallery.pictures import SETTINGS, draw, forget
from tools.pictures import IMAGES
from zoo.pretrained import exported_folder, rows

FOLDER = Path(__file__).parents[2] / "docs" / "gallery"


def text() -> str:
    """The page, with the pictures that are there."""
    sizes = {row["id"]: _megabytes(exported_folder(row["id"])) for row in rows()}
    return page(rows(), {name: _paths(name) for name in sizes}, sizes)


def main() -> None:
    """Draws the missing pictures, removes those of other models, and writes the page."""
    for row in rows():
        draw(row, FOLDER / "images")
    forget({row["id"] for row in rows()}, FOLDER / "images")
    known = {FOLDER / path for row in rows() for path in _paths(row["id"]).values()}
    for path in set((FOLDER / "images").glob("*.png")) - known:
        path.unlink()
    with atomic_write(FOLDER / "index.html") as beside:
        beside.write_text(text())


def _paths(name: str) -> dict[str, str]:
    """The pictures of a model that are there by kind, relative to the page."""
    own = {"samples": f"../images/{name}.png"} if (IMAGES / f"{name}.png").exists() else {}
    kinds = [kind for kind in SETTINGS if (FOLDER / "images" / f"{name}_{kind}.png").exists()]
    return {**own, **{kind: f"images/{name}_{kind}.png" for kind in kinds}}


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
