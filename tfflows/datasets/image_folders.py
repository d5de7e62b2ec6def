"""How a folder of images is laid out: splits, classes, and the files of each."""

import dataclasses
import hashlib
import os
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tfflows.datasets.image_files import is_image
from tfflows.datasets.options import Options
from tfflows.datasets.tables.splitting import BINS, PARTS, Cuts, held_out
from tfflows.errors import check
from tfflows.sources import storage

SPLITS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An image of a folder.

    Args:
        path: Path of the file.
        relative: Its path in the folder.
        parents: Names of the subfolders that it is in; those of the splits are left out.
        split: `"train"`, `"validation"` or `"test"`, by the name of a subfolder; None without such.
    """

    path: str
    relative: str
    parents: tuple[str, ...]
    split: str | None

    @property
    def label(self) -> str | None:
        """Its class: the name of the first subfolder."""
        return self.parents[0] if self.parents else None


def files_in(folder: str) -> Iterator[ImageFile]:
    """The images in a folder and its subfolders; names that start with a dot are left out."""
    root = storage.absolute(folder)
    for place, folders, names in tf.io.gfile.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        parents = tuple(part for part in os.path.relpath(place, root).split(os.sep) if part != ".")
        split = SPLITS.get(parents[0]) if parents else None
        for name in sorted(names):
            if is_image(name) and not name.startswith("."):
                relative = "/".join([*parents, name])
                yield ImageFile(os.path.join(place, name), relative, parents[1:] if split else parents, split)


def in_order(folder: str) -> list[ImageFile]:
    """The images in a folder and its subfolders, in the order of their paths in the folder."""
    return sorted(files_in(folder), key=lambda image: image.relative)


def in_splits(folder: str, options: Options) -> dict[str, list[ImageFile]]:
    """The images of each split: those of a subfolder with its name, else some of the training images.

    Which of them is decided by a hash of their paths in the folder, and the seed.

    Raises:
        InputError: There are too few images, or some inside and some outside of the subfolders of splits.
    """
    images = in_order(folder)
    outside = [image.relative for image in images if image.split is None]
    by_name = len(outside) < len(images)
    rule = "Expected all images in the subfolders train, validation (or val) and test, or no such subfolders."
    check(not (by_name and outside), rule, folder=folder, outside=outside[:3])
    own = {part: [image for image in images if image.split == part] for part in PARTS}
    train = own["train"] if by_name else images
    check(bool(train), "Expected a subfolder train with images, beside those of validation and test.", folder=folder)
    cut = [part for part in PARTS[1:] if not own[part]]
    check(len(train) > len(cut), "Expected more images to train on.", folder=folder, images=len(train))
    bins = np.array([_bin(image.relative, options.split_seed) for image in train], np.int64)
    sizes = [held_out(len(train), options.holdout) if part in cut else 0 for part in PARTS[1:]]
    places = Cuts.of(np.bincount(bins, minlength=BINS), *sizes).part(bins)
    found = {part: [train[at] for at in np.flatnonzero(places == place)] for place, part in enumerate(PARTS)}
    splits = {part: found[part] or own[part] for part in PARTS}
    check(all(splits.values()), "Expected more images to train on.", **{part: len(splits[part]) for part in PARTS})
    return splits


def classes(folder: str, splits: dict[str, Sequence[ImageFile]]) -> tuple[str, ...]:
    """The names of the classes, in order: those of the subfolders with training images.

    Raises:
        InputError: There are fewer than two, an image is in none, or has a class that no training image has.
    """
    for image in (image for of_split in splits.values() for image in of_split):
        rule = "Expected each image in a subfolder, whose name is its class: set data.conditional=False."
        check(image.label is not None, rule, file=image.path)
    names = sorted({image.label for part, of_split in splits.items() for image in of_split if not _is_own(part, image)})
    check(len(names) > 1, "Expected a subfolder for each of two or more classes.", folder=folder, classes=names)
    for image in (image for of_split in splits.values() for image in of_split):
        rule = "Expected each image to have the class of a training image."
        check(image.label in names, rule, file=image.path, classes=names[:8])
    return tuple(names)


def _is_own(part: str, image: ImageFile) -> bool:
    """Whether an image is in a validation or test folder of its own."""
    return part != "train" and image.split == part


def _bin(relative: str, seed: int) -> int:
    """A number in 0..BINS-1."""
    digest = hashlib.blake2b(f"{seed}/{relative}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "little") % BINS
