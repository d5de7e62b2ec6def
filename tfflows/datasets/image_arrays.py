"""Images in memory as a dataset: arrays, and .npy and .npz files of them."""

import math
import re
import zipfile
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.datasets import recipes
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tables.splitting import held_out
from tfflows.errors import InputError, check
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
    return split(*_read(name, options), options, name)


def of_event(name: str, event: Event, options: Options) -> Split:
    """All images of a file, in order, as events of a model.

    Raises:
        InputError: An image has another shape, or another class.
    """
    x, label = _read(name, options)
    images = _images(x)
    rule = f"Expected images that are events of the model, of shape {event.shape}."
    check(event.shape in (images.shape[1:], (math.prod(images.shape[1:]),)), rule, file=name, shape=images.shape[1:])
    check(len(images) > 0, "Expected a file with images.", file=name, shape=images.shape)
    arrays = {"x": (images >> (8 - options.n_bits)).reshape(len(images), *event.shape)}
    if label is not None:
        names = [str(each) for each in _labels(label, len(images))]
        wrong = sorted(set(names) - set(event.labels))
        check(not wrong, "Expected labels that are classes of the model.", labels=wrong[:8], classes=event.labels[:8])
        arrays["label"] = np.array([event.labels.index(each) for each in names], np.int32)
    return in_memory(**arrays)


def _read(name: str, options: Options) -> tuple[np.ndarray, np.ndarray | None]:
    """The images of a file, and their labels if they are wanted."""
    path, wanted = storage.absolute(name), ("x", "label") if options.conditional else ("x",)
    with storage.open_to_read(path) as file:
        try:
            found = np.load(file)
            is_archive = path.lower().endswith(".npz")
            arrays = {key: found[key] for key in wanted if key in found} if is_archive else {"x": found}
        except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"Expected {name!r} to be a complete file of numeric arrays. Received: {error}."
            ) from error
    rule = "Expected a .npz file with an array `label`, for conditional=True: np.savez(path, x=..., label=...)."
    check("label" in arrays or not options.conditional, rule, file=name, arrays=sorted(arrays))
    return arrays["x"], arrays.get("label")


def split(x: Any, label: Any, options: Options, name: str, *, test: bool = True) -> Data:
    """Images in memory, with splits that are cut at random.

    Args:
        x: uint8 `[rows, height, width]` or `[rows, height, width, channels]`.
        label: Class of each image, `[rows]`; None without classes.
        options: `n_bits`, `flip`, `holdout` and `split_seed`.
        name: Name of the dataset.
        test: Whether to cut a test set; if False, the validation set serves as the test set, too.

    Raises:
        InputError: `x` does not hold images, there is not one label for each, or there are too few images.
    """
    images = _images(x)
    arrays, labels = {"x": images >> (8 - options.n_bits)}, ()
    if label is not None:
        found, codes = np.unique(_labels(label, len(images)), return_inverse=True)
        check(len(found) > 1, "Expected two or more classes.", labels=found.tolist())
        arrays["label"], labels = codes.astype(np.int32), tuple(map(str, found))
    kind = Event(images.shape[1:], levels=2**options.n_bits, classes=len(labels), labels=labels)
    validation, tested, train = _cut(arrays, options, test=test)
    train = Split(train.examples, train.size, recipes.flipped if options.flip else None)
    return Data(name, kind, train, validation, tested)


def _images(x: Any) -> np.ndarray:
    """Images with an axis of channels."""
    images = np.asarray(x)
    images = images[..., None] if images.ndim == 3 else images
    rule = "Expected images as uint8 [rows, height, width, channels], with 1 or 3 channels."
    sound = images.dtype == np.uint8 and images.ndim == 4 and images.shape[-1] in (1, 3)
    check(sound, rule, shape=images.shape, dtype=str(images.dtype))
    return images


def _labels(label: Any, rows: int) -> np.ndarray:
    labels = np.asarray(label)
    check(labels.shape == (rows,), "Expected a label for each image.", shape=labels.shape)
    is_number = labels.dtype.kind == "f"
    check(not is_number or np.isfinite(labels).all(), "Expected labels that are not missing.", dtype=str(labels.dtype))
    return labels


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
