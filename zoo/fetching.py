"""Fetches pretrained models that are neither installed nor in a clone into the Keras cache.

A model is one archive, `<id>.tar.gz`, at the address in the environment variable `TFFLOWS_PRETRAINED_URL`: a folder, or
an http(s) URL. It is unpacked only if its sha256 is the one in the table of pretrained models. The cache is
`$KERAS_HOME/tfflows/`, `~/.keras/tfflows/` by default; a model there is never fetched again.
"""

import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from tfflows.errors import InputError, check

ADDRESS = "TFFLOWS_PRETRAINED_URL"
TIMEOUT = 60.0  # seconds without a byte


def fetched(name: str, sha256: str) -> Path:
    """The folder of a pretrained model in the cache, fetched if it is not there yet.

    Args:
        name: Id of the model.
        sha256: Hash of its archive, in hexadecimal digits.

    Raises:
        InputError: `TFFLOWS_PRETRAINED_URL` is not set, there is no such archive, or it has another hash.
    """
    place = cache() / sha256  # so that the archive of another release is not taken for this one
    if not place.is_dir():
        base = os.environ.get(ADDRESS, "")
        rule = f"Expected {name!r} in the folder exported/ of a clone, or {ADDRESS} to say where to fetch it from."
        check(bool(base), rule, **{ADDRESS: base})
        source = f"{base.rstrip('/')}/{name}.tar.gz"
        try:
            _fetch(source, sha256, place)
        except (OSError, http.client.HTTPException) as error:
            raise InputError(f"Expected {source} to be readable: check {ADDRESS}. Received: {error}.") from error
    return place / name


def cache() -> Path:
    """Where fetched models are kept."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "tfflows"


def _fetch(source: str, sha256: str, place: Path) -> None:
    """Unpacks an archive into the folder `place`, which appears complete or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=place.parent) as beside:
        archive, files = Path(beside) / "archive.tar.gz", Path(beside) / "files"
        with _opened(source) as stream, archive.open("wb") as file:
            shutil.copyfileobj(stream, file)
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        rule = f"Expected {source} to have sha256={sha256!r}: it is incomplete, or of another release."
        check(found == sha256, rule, sha256=found, bytes=archive.stat().st_size)
        with tarfile.open(archive) as tar:
            tar.extractall(files, filter="data")
        try:
            files.rename(place)
        except OSError:
            if not place.is_dir():  # otherwise another process was faster
                raise


def _opened(source: str) -> BinaryIO:
    if source.startswith(("http://", "https://")):
        try:
            return urllib.request.urlopen(source, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            error.close()  # the error keeps the connection open
            raise
    return Path(source).expanduser().open("rb")
