"""Loads a dataset: by its name, `digits`, the toys, targets, binarized images, benchmarks of vectors, and every image
dataset of TFDS; or by the path of its files.
"""

import contextlib
import difflib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import tensorflow_datasets as tfds

from tfflows.datasets import (
    binarized,
    digits,
    folders,
    image_arrays,
    named_targets,
    recipes,
    tfds_images,
    tfds_vectors,
    toys,
)
from tfflows.datasets.data import Data
from tfflows.datasets.flattened import flat, flat_event
from tfflows.datasets.mutated import mutated
from tfflows.datasets.options import IMAGE_ARRAY, IMAGE_FOLDER, NAMED, OPTIONS, TABLE, Options
from tfflows.datasets.tables import loading as tables
from tfflows.datasets.tfds_builders import UnknownDataset
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.targets import Target

_BY_NAME = (digits, toys, named_targets, tfds_vectors, binarized)
_TAKES = {tables: TABLE, folders: IMAGE_FOLDER, image_arrays: IMAGE_ARRAY}


def names() -> list[str]:
    """Names of the built-in datasets and targets, and of datasets that TFDS prepares, with the papers' preprocessing.

    Any other image dataset of TFDS loads by its TFDS name.
    """
    built_in = [name for source in _BY_NAME for name in source.NAMES]
    return [*built_in, *recipes.RECIPES]


def event(name: str, **options: Any) -> Event:
    """What one example of a dataset is; downloads no data, and reads only files.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`, or files: see `load`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: The name or an option is not known, or the dataset does not support the option.
    """
    with _suggesting_names(name):
        source, given = _source(name), Options.of(options)
        _reject_others(name, source, given)
        found = source.event(name, given)
        return flat_event(found) if given.flatten else found


def load(name: str, **options: Any) -> Data | Target:
    """Loads a dataset or a target; a TFDS dataset that is not on disk yet is downloaded and prepared.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`; or files of a table,
            .csv, .parquet, .npy, .npz or .tfrecord: a path, a pattern, a folder, or several with commas between them;
            or a folder of images, or a .npy or .npz file of images.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: As in `event`, or the data can neither be found nor downloaded.
    """
    with _suggesting_names(name):
        source, given = _source(name), Options.of(options)
        _reject_others(name, source, given)
        found = source.load(name, given)
        found = mutated(found, given.mutation) if given.mutation else found
        return flat(found) if given.flatten else found


def training_rows(name: str, **options: Any) -> int | None:
    """Number of rows of the training set of a table; None for other datasets, which are not read for it."""
    return tables.open_files(name, Options.of(options)).sizes["train"] if _source(name) is tables else None


def options_of(name: str) -> dict[str, Any]:
    """The options that a dataset takes, with their defaults: those of its kind of files, or of names."""
    return {option: OPTIONS[option] for option in _TAKES.get(_source(name), NAMED)}


def _reject_others(name: str, source: ModuleType, options: Options) -> None:
    """Raises `InputError` if an option of another kind of dataset is given."""
    options.reject(name, *(option for option in OPTIONS if option not in _TAKES.get(source, NAMED)))


def _source(name: str) -> ModuleType:
    check(isinstance(name, str), f"Expected `name` to be a string, one of {names()}.", name=name)
    known = next((source for source in _BY_NAME if name in source.NAMES), None)
    if known or name in recipes.RECIPES or not tables.is_path(name):
        return known or tfds_images
    return next((source for source in (image_arrays, folders) if source.is_path(name)), tables)


@contextlib.contextmanager
def _suggesting_names(name: str) -> Iterator[None]:
    try:
        yield
    except UnknownDataset:
        of_tfds = tfds.list_builders(with_community_datasets=False)
        near = dict.fromkeys(difflib.get_close_matches(name.lower(), [*names(), *of_tfds], n=3))
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        rule = f"Expected `name` to be one of {names()}, or any image dataset of TFDS by its TFDS name."
        raise InputError(f"{rule} Received: name={name!r}.{hint}") from None
