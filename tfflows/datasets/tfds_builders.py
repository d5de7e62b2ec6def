"""The TFDS builder for a name, and a helpful error if there is none."""

import contextlib
import difflib
import os
from collections.abc import Iterator

import tensorflow_datasets as tfds
from absl import logging

from tfflows.datasets.catalogue import names
from tfflows.errors import InputError


def make(name: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """The builder for a TFDS name; reads no data and needs no network.

    Args:
        name: `"name"` or `"name/config"`, optionally with `":version"`.
        data_dir: Folder of prepared data; None takes the variable `TFDS_DATA_DIR`, else TFDS's default.

    Raises:
        InputError: TFDS has no such dataset, configuration or version.
    """
    # TFDS reads the variable once, when it is imported; here it may also be set later.
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or None
    try:
        with quiet():
            return tfds.builder(name, data_dir=data_dir and os.path.expanduser(data_dir))
    except Exception as error:
        raise InputError(_explanation(name, error)) from error


def key(builder: tfds.core.DatasetBuilder) -> str:
    """`"name"` or `"name/config"`; `"name"` is a dataset without configurations."""
    config = builder.builder_config
    return f"{builder.name}/{config.name}" if config else builder.name


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Logs errors only: TFDS warns of each folder that is not prepared yet."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def first_line(error: Exception) -> str:
    """The first non-empty line of an error's message, else the error's type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def _explanation(name: str, error: Exception) -> str:
    """Why there is no builder for `name`: an unknown dataset, an unknown configuration, or TFDS's own message."""
    base, _, config = (part.partition(":")[0] for part in name.partition("/"))
    try:
        configs = list(tfds.builder_cls(base).builder_configs)
    except (ValueError, tfds.core.DatasetNotFoundError):
        return _unknown(name)
    if config and config not in configs:
        near = difflib.get_close_matches(config, configs, n=10, cutoff=0.0)
        choices = [f"{base}/{one}" for one in near] or [base]
        return f"Expected `name` to be one of {choices}. Received: name={name!r}."
    return f"Expected the name of a dataset that TFDS can make. Received: name={name!r}. TFDS says: {first_line(error)}"


def _unknown(name: str) -> str:
    catalogue = tfds.list_builders(with_community_datasets=False)
    near = dict.fromkeys(difflib.get_close_matches(name.lower(), [*names(), *catalogue], n=3))
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    rule = f"Expected `name` to be one of {names()}, or any image dataset of TFDS by its TFDS name."
    return f"{rule} Received: name={name!r}.{hint}"
