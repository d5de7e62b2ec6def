"""Loads a dataset by its name: `digits`, the toys, targets, binarized images, and every image dataset of TFDS."""

from types import ModuleType
from typing import Any

from tfflows.datasets import binarized, digits, named_targets, tfds_images, toys
from tfflows.datasets.catalogue import names
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.errors import check
from tfflows.events import Event
from tfflows.targets import Target


def event(name: str, **options: Any) -> Event:
    """What one example of a dataset is; reads and downloads no data.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: The name or an option is not known, or the dataset does not support the option.
    """
    return _source(name).event(name, Options.of(options))


def load(name: str, **options: Any) -> Data | Target:
    """Loads a dataset or a target; a TFDS dataset that is not on disk yet is downloaded and prepared.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: As in `event`, or the data can neither be found nor downloaded.
    """
    return _source(name).load(name, Options.of(options))


def _source(name: str) -> ModuleType:
    check(isinstance(name, str), f"Expected `name` to be a string, one of {names()}.", name=name)
    return next((source for source in (digits, toys, named_targets, binarized) if name in source.NAMES), tfds_images)
