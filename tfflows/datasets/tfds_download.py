"""Makes sure that TFDS has prepared a dataset: finds it, or downloads it, or fails fast with the reason.

Without a network TFDS retries for minutes, so its first host is tried beforehand, for a few seconds.
"""

import os
import socket
import threading
import urllib.parse
import urllib.request

import tensorflow as tf
import tensorflow_datasets as tfds

from tfflows.datasets.tfds_builders import first_line, key, quiet
from tfflows.errors import InputError

_PROBE_SECONDS = 4.0
_PORTS = {"http": 80, "https": 443, "ftp": 21}


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
    urls = [url for url in getattr(builder, "url_infos", None) or {} if urllib.parse.urlsplit(url).scheme in _PORTS]
    behind_proxy = {"http", "https", "all"} & set(urllib.request.getproxies())
    if not urls or behind_proxy or _has_originals(builder) or reachable(urls[0]):
        return
    host = urllib.parse.urlsplit(urls[0]).hostname
    tried = f"connecting to {host}, where TFDS downloads it from, failed within {_PROBE_SECONDS:g} s"
    raise InputError(f"{_state(builder)}, and {tried}. {_advice(builder)}")


def _has_originals(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether the user has put files of the dataset into the folder in which TFDS looks before it downloads."""
    names = {info.filename for info in builder.url_infos.values() if info.filename}
    return any(os.path.exists(os.path.join(_manual_dir(builder), name)) for name in names)


def _manual_dir(builder: tfds.core.DatasetBuilder) -> str:
    return os.path.join(builder.data_dir_root, "downloads", "manual")


def _state(builder: tfds.core.DatasetBuilder) -> str:
    folder = os.fspath(builder.data_dir_root)
    missing = "" if tf.io.gfile.isdir(folder) else " (which does not exist)"
    return f"Dataset {key(builder)!r} is not prepared in data_dir={folder!r}{missing}"


def _advice(builder: tfds.core.DatasetBuilder) -> str:
    return (
        f"Run `tfds build {key(builder)}` on a machine with a network and name its folder with TFDS_DATA_DIR or "
        f"--set=data.data_dir=..., or put the original files into {_manual_dir(builder)!r}."
    )
