"""Files for Python and pyarrow on any file system that TensorFlow supports, such as `gs://`."""

import contextlib
import io
import os
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

import tensorflow as tf

from tfflows.errors import InputError, check

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
        try:
            data = self._file.read(len(buffer))
        except tf.errors.OpError as error:
            raise _unreadable(self._file.name, error) from error
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: memoryview) -> int:
        self._file.write(bytes(data))
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            self._file.seek(offset, whence)
        except tf.errors.OpError as error:
            raise OSError(error.message) from error  # as Python's files do, where there is no such position
        return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def open_to_read(path: str) -> BinaryIO:
    """Opens a file for reading.

    Raises:
        InputError: The file does not exist or cannot be read.
    """
    stat(path)
    return io.BufferedReader(_File(path, "rb"), BUFFER)


def _unreadable(path: str, error: tf.errors.OpError) -> InputError:
    return InputError(f"Expected a file that can be read. Received: {path!r} ({error.message}).")


def stat(path: str) -> dict[str, Any]:
    """Path, size in bytes and modification time of a file, which change when the file changes.

    Raises:
        InputError: The file does not exist or cannot be read.
    """
    try:
        facts = tf.io.gfile.stat(path)
    except tf.errors.OpError as error:
        raise _unreadable(path, error) from error
    rule = "Expected a file that can be read, not a folder."
    check(not facts.is_directory, rule, path=path)
    return {"path": path, "bytes": facts.length, "changed": facts.mtime_nsec}


@contextlib.contextmanager
def write_whole(path: str, *, beside: str) -> Iterator[BinaryIO]:
    """Opens a temporary file in the folder `beside`, on the same file system, and renames it to `path` at the end.

    A failure before the end leaves `path` as it was.
    """
    draft = os.path.join(beside, f"{uuid.uuid4().hex}.draft")
    try:
        with io.BufferedWriter(_File(draft, "wb"), BUFFER) as file:
            yield file
        tf.io.gfile.rename(draft, path, overwrite=True)
    except BaseException:
        with contextlib.suppress(tf.errors.OpError):  # the first error says what is wrong
            tf.io.gfile.remove(draft)
        raise


def absolute(path: str) -> str:
    """`path` as an absolute path, which other processes find, too."""
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))
