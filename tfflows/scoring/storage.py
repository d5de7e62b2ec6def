"""Files on any file system that TensorFlow knows, such as `gs://`, as Python and pyarrow read and write them."""

import contextlib
import io
import os
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

import tensorflow as tf

from tfflows.errors import InputError

BUFFER = 1 << 20


class _File(io.RawIOBase):
    """TensorFlow's `GFile` with the protocol of Python's binary files."""

    def __init__(self, path: str, mode: str):
        super().__init__()
        self._file, self._mode = tf.io.gfile.GFile(path, mode), mode

    def readable(self) -> bool:
        return self._mode == "rb"

    def writable(self) -> bool:
        return self._mode == "wb"

    def seekable(self) -> bool:
        return self.readable()

    def readinto(self, buffer: memoryview) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: memoryview) -> int:
        self._file.write(bytes(data))
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def opened(path: str) -> BinaryIO:
    """The file, to read.

    Raises:
        InputError: It is not there or cannot be read.
    """
    stated(path)
    return io.BufferedReader(_File(path, "rb"), BUFFER)


def stated(path: str) -> dict[str, Any]:
    """What tells a file from another, or from itself after a change: path, bytes and time of the last change.

    Raises:
        InputError: It is not there.
    """
    try:
        facts = tf.io.gfile.stat(path)
    except tf.errors.OpError as error:
        raise InputError(f"Expected a file that can be read. Received: {path!r} ({error.message}).") from error
    return {"path": path, "bytes": facts.length, "changed": facts.mtime_nsec}


@contextlib.contextmanager
def written(path: str, *, beside: str) -> Iterator[BinaryIO]:
    """A file to write to, in the folder `beside` of the same file system, renamed into `path` at the end.

    What fails or is killed on the way leaves `path` as it was.
    """
    draft = os.path.join(beside, f"{uuid.uuid4().hex}.draft")
    with io.BufferedWriter(_File(draft, "wb"), BUFFER) as file:
        yield file
    tf.io.gfile.rename(draft, path, overwrite=True)


def absolute(path: str) -> str:
    """`path` as other processes find it, too."""
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))
