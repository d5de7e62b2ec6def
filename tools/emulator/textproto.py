"""Configuration files of TF Serving, which are text protos."""

from pathlib import Path
from typing import TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from tfflows.errors import InputError

AnyMessage = TypeVar("AnyMessage", bound=Message)


def read(path: str | Path, message: type[AnyMessage]) -> AnyMessage:
    """Reads a message from a file.

    Raises:
        InputError: The file does not exist, or does not hold such a message.
    """
    try:
        return text_format.Parse(Path(path).read_text(), message())
    except (OSError, text_format.ParseError) as error:
        raise InputError(
            f"Expected a text proto of {message.DESCRIPTOR.name}. Received: {str(path)!r} ({error})."
        ) from error
