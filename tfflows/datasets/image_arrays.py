"""Images in memory as a dataset: arrays, and .npy and .npz files of them."""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.datasets import recipes
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tables.splitting import held_out
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources import array_table, npy, storage
from tfflows.splits import Split, in_memory

OPTIONS = ("n_bits", "flip", "mutation", "flatten", "holdout", "split_seed")


def is_path(name: str) -> bool:
    """Whether a name is the path of a .npy file of images, or of a .npz file with images `x`."""
    path = storage.absolute(name)
    if not re.search(r"\.np[yz]$", path, re.IGNORECASE) or not tf.io.gfile.exists(path):
        return False
    if path.lower().endswith(".npz"):
        return len(array_table.headers(path).get("x", ((), None))[0]) > 2
    with storage.open_to_read(path) as file:
        return len(npy.header(path, file)[0]) > 2


def event(name: str, options: Options) -> Event:
    """The event of a file of images, which is read."""
    return load(name, options).event


def load(name: str, options: Options) -> Data:
    """The three splits of a file of images, which is read into memory; `label` of a .npz file has their classes."""
    path = storage.absolute(name)
    with storage.open_to_read(path) as file:
        found = np.load(file)
        arrays = dict(found.items()) if path.lower().endswith(".npz") else {"x": found}
    rule = "Expected a .npz file with an array `label`, for conditional=True: np.savez(path, x=..., label=...)."
    check("label" in arrays or not options.conditional, rule, file=name, arrays=sorted(arrays))
    return split(arrays["x"], arrays["label"] if options.conditional else None, options, name)


def split(x: Any, label: Any, options: Options, name: str, *, test: bool = True) -> Data:
    """Images in memory, with splits that are cut at random.

    Args:
        x: uint8 `[rows, height, width]` or `[rows, height, width, channels]`.
        label: Class of each image, `[rows]`; None without classes.
        options: `n_bits`, `flip`, `holdout` and `split_seed`.
        name: Name of the dataset.
        test: Whether a test set is cut; otherwise it is the validation set.

    Raises:
        InputError: These are no images, the labels are not one for each, or there are too few images.
    """
    images = np.asarray(x)
    images = images[..., None] if images.ndim == 3 else images
    rule = "Expected images as uint8 [rows, height, width, channels], with 1 or 3 channels."
    sound = images.dtype == np.uint8 and images.ndim == 4 and images.shape[-1] in (1, 3)
    check(sound, rule, shape=images.shape, dtype=str(images.dtype))
    arrays, labels = {"x": images >> (8 - options.n_bits)}, ()
    if label is not None:
        found, codes = np.unique(np.asarray(label), return_inverse=True)
        check(codes.shape == (len(images),), "Expected a label for each image.", shape=codes.shape)
        check(len(found) > 1, "Expected two or more classes.", labels=found.tolist())
        arrays["label"], labels = codes.astype(np.int32), tuple(map(str, found))
    kind = Event(images.shape[1:], levels=2**options.n_bits, classes=len(labels), labels=labels)
    validation, tested, train = _cut(arrays, options, test=test)
    train = Split(train.examples, train.size, recipes.flipped if options.flip else None)
    return Data(name, kind, train, validation, tested)


def _cut(arrays: dict[str, np.ndarray], options: Options, *, test: bool) -> tuple[Split, Split, Split]:
    """Validation, test and training set."""
    rows = len(arrays["x"])
    order = np.random.RandomState(options.split_seed % 2**32).permutation(rows)
    size = held_out(rows, options.holdout)
    ends = [size, 2 * size if test else size]
    check(ends[-1] < rows, "Expected more images, for training, validation and test.", images=rows)
    parts = np.split(order, ends)
    splits = [in_memory(**{key: values[part] for key, values in arrays.items()}) for part in parts if len(part)]
    return splits[0], splits[1] if test else splits[0], splits[-1]
