"""Image files: what their headers say, checked without reading the pixels, and how they become uint8 pixels."""

import dataclasses
import re
from typing import BinaryIO

import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from tfflows.errors import InputError, check
from tfflows.sources import storage

ENDINGS = r"\.(png|jpe?g|gif|bmp)$"
GRAY, COLORS = ("1", "L", "LA", "I", "I;16", "I;16B"), ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr")
ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}  # what a whole file has at its end
FORMATS = (*ENDS, "GIF", "BMP", "MPO")  # as Pillow calls them; MPO is a JPEG with a second picture behind it
TAIL = 64  # bytes in which it is looked for


@dataclasses.dataclass(frozen=True)
class Header:
    """What the header of an image says.

    Args:
        height: Number of rows of pixels.
        width: Number of columns.
        colored: Whether it has colors, or a palette of them.
    """

    height: int
    width: int
    colored: bool


def is_image(path: str) -> bool:
    """Whether a file has the name of an image."""
    return bool(re.search(ENDINGS, path, re.IGNORECASE))


def header(path: str) -> Header:
    """Reads the header of an image; a file whose end is not that of its format is read whole.

    Raises:
        InputError: This is not an image, it is not whole, or its pixels are neither gray nor colors.
    """
    try:
        with storage.open_to_read(path) if "://" in path else open(path, "rb") as file:
            image = Image.open(file)
            mode, (width, height), form = image.mode, image.size, image.format
            if form not in ENDS or ENDS[form] not in _tail(file):
                image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        rule = "Expected an image that can be read: repair it, or remove it."
        raise InputError(f"{rule} Received: file={path!r} ({_reason(error)}).") from None
    known = form in FORMATS and mode in (*GRAY, *COLORS) and not (form == "BMP" and mode in ("1", "P"))
    rule = "Expected a PNG, JPEG, GIF or BMP of gray levels or colors, and no BMP with a palette: convert it to PNG."
    check(known, rule, file=path, format=form, mode=mode)
    return Header(height, width, mode in COLORS or form == "GIF")


def pixels(path: tf.Tensor, channels: int) -> tf.Tensor:
    """The pixels of an image, uint8 `[height, width, channels]`: without transparency, and of a GIF the first picture.

    Args:
        path: Path of the file, a string scalar.
        channels: 3, or 1 for an image that has no colors.
    """
    image = tf.io.decode_image(tf.io.read_file(path), expand_animations=False)  # 1 or 3, and 1 for transparency
    places = tf.where(tf.shape(image)[2] < 3, [0, 0, 0], [0, 1, 2])[:channels]
    return tf.ensure_shape(tf.gather(image, places, axis=2), [None, None, channels])


def _reason(error: Exception) -> str:
    return "not an image" if isinstance(error, UnidentifiedImageError) else " ".join(str(error).split())


def _tail(file: BinaryIO) -> bytes:
    file.seek(0, 2)
    file.seek(max(file.tell() - TAIL, 0))
    found = file.read()
    file.seek(0)
    return found
