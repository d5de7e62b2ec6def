"""The TFDS builder for a name, and its data: found, downloaded, or a helpful error.

Without a network TFDS retries for minutes, so its first host is tried beforehand, for a few seconds.
"""

import contextlib
import difflib
import os
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from tfflows.errors import InputError

_PROBE_SECONDS = 4.0
_PORTS = {"http": 80, "https": 443, "ftp": 21}


class UnknownDataset(InputError):
    """TFDS has no dataset of this name."""


def make(name: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """The builder for a TFDS name; reads no data and needs no network.

    Args:
        name: `"name"` or `"name/config"`, optionally with `":version"`.
        data_dir: Folder of prepared data; None takes the variable `TFDS_DATA_DIR`, else TFDS's default.

    Raises:
        UnknownDataset: TFDS has no such dataset.
        InputError: The dataset has no such configuration or version.
    """
    # TFDS reads the variable once, when it is imported; here it may also be set later.
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or None
    try:
        with quiet():
            return tfds.builder(name, data_dir=data_dir and os.path.expanduser(data_dir))
    except Exception as error:
        raise _explained(name, error) from error


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


def _explained(name: str, error: Exception) -> InputError:
    """Why there is no builder for `name`: an unknown dataset, an unknown configuration, or TFDS's own message."""
    base, _, config = (part.partition(":")[0] for part in name.partition("/"))
    try:
        configs = list(tfds.builder_cls(base).builder_configs)
    except (ValueError, tfds.core.DatasetNotFoundError):
        return UnknownDataset(f"Expected `name` to be the name of a TFDS dataset. Received: name={name!r}.")
    if config and config not in configs:
        near = difflib.get_close_matches(config, configs, n=10, cutoff=0.0)
        choices = [f"{base}/{one}" for one in near] or [base]
        return InputError(f"Expected `name` to be one of {choices}. Received: name={name!r}.")
    rule = f"Expected the name of a dataset that TFDS can make. Received: name={name!r}."
    return InputError(f"{rule} TFDS says: {first_line(error)}")


def prepare(builder: tfds.core.DatasetBuilder) -> None:
    """Downloads and prepares the dataset unless it is on disk; a failure leaves no half-written dataset.

    Raises:
        InputError: The network cannot be reached, or TFDS fails, for example if a file has to be downloaded manually.
    """
    with quiet():
        if builder.is_prepared():
            return
        _check_network(builder)
    try:
        builder.download_and_prepare()
    except Exception as error:
        failed = f"{_state(builder)}, and TFDS cannot prepare it: {first_line(error)}"
        raise InputError(f"{failed} {_advice(builder)}") from error


def reachable(url: str, seconds: float = _PROBE_SECONDS) -> bool:
    """Whether the host of `url` accepts a connection within `seconds`, including the resolution of its name."""
    parts = urllib.parse.urlsplit(url)
    reached = threading.Event()

    def connect():
        try:
            socket.create_connection((parts.hostname, parts.port or _PORTS[parts.scheme]), seconds).close()
            reached.set()
        except OSError:
            pass

    # In a thread, as the resolver has no timeout; a daemon, so that it never delays the exit.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    return reached.is_set()


def _check_network(builder: tfds.core.DatasetBuilder) -> None:
    known = getattr(builder, "URLS", None) or getattr(builder, "url_infos", None) or {}
    urls = [url for url in known if urllib.parse.urlsplit(url).scheme in _PORTS]
    behind_proxy = {"http", "https", "all"} & set(urllib.request.getproxies())
    if not urls or behind_proxy or _has_originals(builder) or reachable(urls[0]):
        return
    host = urllib.parse.urlsplit(urls[0]).hostname
    tried = f"connecting to {host}, where TFDS downloads it from, failed within {_PROBE_SECONDS:g} s"
    raise InputError(f"{_state(builder)}, and {tried}. {_advice(builder)}")


def _has_originals(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether the user has put files of the dataset into the folder in which TFDS looks before it downloads."""
    ours = getattr(builder, "ORIGINALS", ())
    names = ours or {info.filename for info in builder.url_infos.values() if info.filename}
    return any(os.path.exists(os.path.join(_manual_dir(builder), name)) for name in names)


def _manual_dir(builder: tfds.core.DatasetBuilder) -> str:
    return os.path.join(builder.data_dir_root, "downloads", "manual")


def _state(builder: tfds.core.DatasetBuilder) -> str:
    folder = os.fspath(builder.data_dir_root)
    missing = "" if tf.io.gfile.isdir(folder) else " (which does not exist)"
    return f"Dataset {key(builder)!r} is not prepared in data_dir={folder!r}{missing}"


def _advice(builder: tfds.core.DatasetBuilder) -> str:
    ours = hasattr(builder, "ORIGINALS")
    build = f"Load {key(builder)!r}" if ours else f"Run `tfds build {key(builder)}`"
    originals = " or ".join(map(repr, builder.ORIGINALS)) if ours else "the original files"
    return (
        f"{build} on a machine with a network and name its folder with TFDS_DATA_DIR or "
        f"--set=data.data_dir=..., or put {originals} into {_manual_dir(builder)!r}."
    )
