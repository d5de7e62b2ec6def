"""Loads a dataset by its name: `digits`, the toys, targets, binarized images, and every image dataset of TFDS."""

import contextlib
import difflib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import tensorflow_datasets as tfds

from tfflows.datasets import binarized, digits, named_targets, recipes, tfds_images, toys
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tfds_builders import UnknownDataset
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.targets import Target


def names() -> list[str]:
    """Names of the built-in datasets and targets, and of TFDS datasets with the papers' preprocessing.

    Any other image dataset of TFDS loads by its TFDS name.
    """
    return [*digits.NAMES, *toys.NAMES, *named_targets.NAMES, *recipes.RECIPES, *recipes.BINARIZED]


def event(name: str, **options: Any) -> Event:
    """What one example of a dataset is; reads and downloads no data.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: The name or an option is not known, or the dataset does not support the option.
    """
    with _suggesting_names(name):
        return _source(name).event(name, Options.of(options))


def load(name: str, **options: Any) -> Data | Target:
    """Loads a dataset or a target; a TFDS dataset that is not on disk yet is downloaded and prepared.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: As in `event`, or the data can neither be found nor downloaded.
    """
    with _suggesting_names(name):
        return _source(name).load(name, Options.of(options))


def _source(name: str) -> ModuleType:
    check(isinstance(name, str), f"Expected `name` to be a string, one of {names()}.", name=name)
    return next((source for source in (digits, toys, named_targets, binarized) if name in source.NAMES), tfds_images)


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
