"""From a name to a dataset: `digits`, the toys, energies, binarised images, and every image dataset of TFDS."""

from types import ModuleType
from typing import Any

from tfflows.datasets import binarized, digits, energies, tfds_images, toys
from tfflows.datasets.catalogue import names
from tfflows.datasets.data import Data, Energy
from tfflows.datasets.options import Options
from tfflows.errors import check
from tfflows.events import Event


def event(name: str, **options: Any) -> Event:
    """What one example of a dataset is; reads and downloads no data.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: The name or an option is not known or the dataset does not take the option.
    """
    return _source(name).event(name, Options.of(options))


def load(name: str, **options: Any) -> Data | Energy:
    """Loads a dataset or an energy; TFDS downloads and prepares one of its own that is not on disk yet.

    Args:
        name: One of `names()`, or the TFDS name of an image dataset, `"name"` or `"name/config"`.
        **options: As in `OPTIONS`; `tfflows.datasets.options.Options` says what they mean.

    Raises:
        InputError: As in `event`, or the data can neither be found nor downloaded.
    """
    return _source(name).load(name, Options.of(options))


def _source(name: str) -> ModuleType:
    check(isinstance(name, str), f"Expected `name` to be a string, one of {names()}.", name=name)
    return next((source for source in (digits, toys, energies, binarized) if name in source.NAMES), tfds_images)
