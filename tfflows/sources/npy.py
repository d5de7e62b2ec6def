""".npy files: `[rows, *event]`, or `[rows, size]` with the entries of an event in row-major order."""

import dataclasses
import math
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.sources import storage
from tfflows.sources.file import File
from tfflows.sources.spans import Span, even_spans

MOST_BYTES = 2**20  # of a header, which lists the fields of a structured array


def _header_3_0(file: BinaryIO, max_header_size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Version 3 differs from version 2 in the encoding of the names of fields."""
    shape, fortran, dtype = np.lib.format.read_array_header_2_0(file, max_header_size)
    dtype.names = tuple(name.encode("latin-1").decode() for name in dtype.names)
    return shape, fortran, dtype


HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): _header_3_0,
}


@dataclasses.dataclass(frozen=True)
class Npy(File):
    """An array on disk, of which each part is read separately.

    Args:
        path: Path of the file.
        shape: Shape of the whole array.
        dtype: Type of the entries.
        start: Offset of the first byte of the entries.
        event_shape: Shape to which a row is reshaped.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int
    event_shape: tuple[int, ...]

    @classmethod
    def open_events(cls, path: str, event: Event) -> "Npy":
        """Opens an array, which must hold events, flattened or not; images of one channel need no axis for it.

        Raises:
            InputError: The shape is wrong, or this is not a .npy file.
        """
        array = cls.open(path, event.shape)
        is_gray = event.kind == "image" and event.shape[-1] == 1
        known = [event.shape, (event.size,), *([event.shape[:-1]] if is_gray else [])]
        shapes = " or ".join(f"[rows, {', '.join(map(str, shape))}]" for shape in dict.fromkeys(known))
        check(array.shape[1:] in known, f"Expected {path!r} to be of shape {shapes}.", shape=array.shape)
        return array

    @classmethod
    def open(cls, path: str, event_shape: tuple[int, ...]) -> "Npy":
        """Opens an array of any shape.

        Raises:
            InputError: This is not a .npy file that can be read by rows.
        """
        with storage.open_to_read(path) as file:
            shape, fortran, dtype = header(path, file)
            start = file.tell()
        rule = f"Expected {path!r} to hold rows of numbers in C order, as np.save(path, np.ascontiguousarray(x)) does."
        check(len(shape) > 0 and not fortran and dtype.kind in "iufb", rule, shape=shape, dtype=str(dtype))
        check_whole(path, shape, dtype, start)
        return cls(path, shape, dtype, start, event_shape)

    def spans(self, rows: int) -> Iterator[Span]:
        return even_spans(self.shape[0], rows)

    def chunks(self, span: Span, size: int) -> Iterator[np.ndarray]:
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        with storage.open_to_read(self.path) as file:
            file.seek(self.start + span.first * row_bytes)
            for some in even_spans(span.rows, size):
                entries = np.frombuffer(file.read(some.rows * row_bytes), self.dtype)
                yield entries.reshape(some.rows, *self.event_shape)

    def decode(self, chunk: np.ndarray, first_row: int = 0) -> dict[str, np.ndarray]:
        return {"x": chunk}


def header(path: str, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Reads the shape of an array, whether it is in Fortran order, and its type.

    Raises:
        InputError: This is not a .npy file.
    """
    try:
        return HEADERS[np.lib.format.read_magic(file)](file, MOST_BYTES)
    except (ValueError, KeyError) as error:
        raise InputError(f"Expected {path!r} to be written by np.save. Received: {error}.") from error


def check_whole(path: str, shape: tuple[int, ...], dtype: np.dtype, start: int) -> None:
    """Raises `InputError` unless the file is as long as its header says."""
    needed, there = start + math.prod(shape) * dtype.itemsize, storage.stat(path)["bytes"]
    check(there >= needed, f"Expected {path!r} to hold all of its {shape[0]} rows.", bytes=there, needed=needed)
