"""CelebA in miniature: the original archive's files, drawn instead of photographed, prepared by TFDS's own builder.

Each picture is white but for the central 148x148 pixels that the recipe keeps: their left half has one color and their
right half another, which tell the pictures apart and a picture from its mirror image.
"""

import contextlib
import io
import pathlib
import tempfile
import zipfile
from collections.abc import Iterator
from unittest import mock

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as original

COUNTS = (24, 8, 8)
"""Number of pictures in train, validation and test, which are numbered in this order from 0."""


def colors(index: int) -> tuple[np.ndarray, np.ndarray]:
    """The colors of the left and right half of picture `index`, uint8 `[3]`."""
    left = np.array([20 + 4 * index, 40, 60], np.uint8)
    right = np.array([60, 40, 20 + 4 * index], np.uint8)
    return left, right


def draw(index: int) -> np.ndarray:
    """Picture `index`, uint8 `[218, 178, 3]`."""
    picture = np.full((218, 178, 3), 255, np.uint8)
    left, right = colors(index)
    picture[35:183, 15:89], picture[35:183, 89:163] = left, right
    return picture


def write_originals(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Writes the five files that TFDS downloads; returns them by the names that its builder gives them."""
    files = [f"{index + 1:06d}.jpg" for index in range(sum(COUNTS))]
    split = np.repeat([0, 1, 2], COUNTS)
    header = {"list_attr_celeba": original.ATTR_HEADINGS, "landmarks_celeba": original.LANDMARK_HEADINGS}
    tables = {
        name: [len(files), " ".join(columns), *(f"{file}{' -1' * len(columns)}" for file in files)]
        for name, columns in header.items()
    }
    smiling = original.ATTR_HEADINGS.index("Smiling")
    for index in range(0, len(files), 2):  # pictures with an even number smile
        tables["list_attr_celeba"][2 + index] = " ".join(
            [files[index], *("1" if place == smiling else "-1" for place in range(len(original.ATTR_HEADINGS)))]
        )
    rows = {
        **tables,
        "list_eval_partition": [f"{file} {part}" for file, part in zip(files, split, strict=True)],
        "identity_celeba": [f"{file} {index}" for index, file in enumerate(files)],
    }
    paths = {name: folder / f"{name}.txt" for name in rows}
    for name, path in paths.items():
        path.write_text("".join(f"{row}\n" for row in rows[name]))
    return {**paths, "img_align_celeba": _write_zip(folder / "img_align_celeba.zip", files)}


def _write_zip(path: pathlib.Path, files: list[str]) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as archive:
        for index, file in enumerate(files):
            jpeg = io.BytesIO()
            # Neither coarse steps nor shared color: the white around the center stays where it is.
            Image.fromarray(draw(index)).save(jpeg, "jpeg", quality=100, subsampling=0)
            archive.writestr(f"img_align_celeba/{file}", jpeg.getvalue())
    return path


@contextlib.contextmanager
def no_download(paths: dict[str, pathlib.Path]) -> Iterator[None]:
    """A context in which TFDS gets `paths` instead of downloading files."""

    def download(_, urls):
        return {name: paths[name] for name in urls}

    with mock.patch.object(tfds.download.DownloadManager, "download", download):
        yield


def prepare(data_dir: str | pathlib.Path) -> None:
    """Prepares the miniature in `data_dir`, where `datasets.load("celeb_a", data_dir=data_dir)` then finds it."""
    with tempfile.TemporaryDirectory() as folder, no_download(write_originals(pathlib.Path(folder))):
        tfds.builder("celeb_a", data_dir=data_dir).download_and_prepare()
