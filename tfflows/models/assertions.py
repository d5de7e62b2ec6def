"""Assertions of graphs as errors of one line."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from tfflows import guards
from tfflows.errors import InputError


@contextlib.contextmanager
def as_input_errors() -> Iterator[None]:
    """Inside the block, a failed assertion about an input raises `InputError`, as the same check does eagerly."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = re.search(r"assertion failed: \[(Expected .*)\]", guards.message_of(error.message))
        if found is None:
            raise
        raise InputError(found[1].replace("] [", " ")) from None


def finite(x: tf.Tensor) -> tf.Tensor:
    """Checks `x` before it is converted to integer pixels, which cannot represent NaN, and returns it.

    Raises:
        tf.errors.InvalidArgumentError: `x` contains NaN or infinity.
    """
    return tf.debugging.check_numerics(x, "Expected `z`, or a `temperature`, that gives an event finite in float32.")
