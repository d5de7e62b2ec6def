"""Numbers that users give: checked entry by entry, in whatever array or tensor they come."""

import operator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows.errors import InputError, check


def is_symbolic(x: Any) -> bool:
    """Whether `x` is a tensor of a graph that is being traced: its values are not known yet."""
    return isinstance(x, tf.Tensor) and not hasattr(x, "numpy")


def rows(x: tf.Tensor) -> int | tf.Tensor:
    """Number of rows; a tensor where the shape is not known yet. In eager mode, `tf.shape(x)[0]` takes 0.1 ms."""
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def numbers(name: str, value: Any) -> np.ndarray | tf.Tensor:
    """`value` as an array of booleans, integers or real numbers, in the machine's byte order; a tensor in a graph.

    Raises:
        InputError: `value` has a mask, is ragged or sparse, or holds text, complex numbers or objects.
    """
    value = tf.convert_to_tensor(value) if isinstance(value, tf.Variable | keras.Variable) else value
    rule = f"Expected `{name}` to hold real numbers."
    if is_symbolic(value):
        dtype = value.dtype
        check(dtype.is_integer or dtype.is_floating or dtype.is_bool, rule, dtype=dtype.name)
        return value
    masked = isinstance(value, np.ma.MaskedArray)
    check(not masked, f"Expected `{name}` without a mask: fill or drop the masked entries.", type="MaskedArray")
    dense = not isinstance(value, tf.RaggedTensor | tf.SparseTensor | tf.IndexedSlices)
    check(dense, f"Expected `{name}` to be a dense array: convert it.", type=type(value).__name__)
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputError(f"Expected `{name}` to be an array. Received: rows of different shapes.") from None
    if array.dtype == tf.bfloat16.as_numpy_dtype:
        array = array.astype(np.float32)
    check(array.dtype.kind in "biuf", rule, dtype=str(array.dtype))
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def check_entries(name: str, array: np.ndarray, sound: np.ndarray, rule: str, *, first_row: int = 0) -> None:
    """Raises `InputError` with the first entry of `array` that is not sound, and its index.

    Args:
        name: Name of the argument.
        array: Values.
        sound: Which entries are valid, bool of the same shape.
        rule: The rule that a sound entry follows.
        first_row: Number of the first row, where `array` is a part of a dataset.
    """
    if not sound.all():
        index = tuple(int(i) for i in np.unravel_index(np.argmin(sound), sound.shape))
        number = (index[0] + first_row, *index[1:]) if index else ()
        place = f"[{', '.join(map(str, number))}]" if index else ""
        raise InputError(f"{rule} Received: {name}{place}={array[index].item()!r}.")


def check_shape(name: str, shape: tuple[int | None, ...], row: tuple[int, ...]) -> None:
    """Raises `InputError` unless `shape` is `[batch, *row]`."""
    rule = f"Expected `{name}` of shape [batch, {', '.join(map(str, row))}]."
    check(shape != row, f"{rule} For a single row, pass `{name}[None]`.", shape=shape)
    check(shape[1:] == row and len(shape) == len(row) + 1, rule, shape=shape)


def real(
    name: str,
    value: Any,
    row: tuple[int, ...],
    dtype: str,
    *,
    missing: np.ndarray | None = None,
    any_batch: bool = False,
    first_row: int = 0,
) -> tf.Tensor:
    """`value` as a tensor `[batch, *row]` of `dtype`, with finite entries; those of a graph are checked when it runs.

    Args:
        name: Name of the argument.
        value: Array or tensor.
        row: Shape of a row.
        dtype: `"float32"` or another type of real numbers.
        missing: Which entries of a row may be NaN, bool `[*row]`; None if none may.
        any_batch: Whether the batch may have any number of axes, and none for a single row.
        first_row: Number of the first row, where `value` is a part of a dataset.

    Raises:
        InputError: `value` has another shape, or an entry that is not finite in `dtype`.
    """
    array = numbers(name, value)
    shape = tuple(array.shape)
    if not any_batch or shape[-len(row) :] != row:
        check_shape(name, shape, row)
    rule = f"Expected `{name}` to be finite in {dtype}: remove or rescale rows with NaN, infinite or too large values."
    if is_symbolic(array):
        real = tf.cast(array, dtype)
        sound = tf.math.is_finite(real)
        return _asserted(array, sound if missing is None else sound | (tf.math.is_nan(real) & missing), rule, dtype)
    with np.errstate(over="ignore"):
        real = array.astype(dtype)
    sound = np.isfinite(real) if missing is None else np.isfinite(real) | (np.isnan(real) & missing)
    check_entries(name, array, sound, rule, first_row=first_row)
    return tensor(value, array, dtype)


def integers(name: str, value: Any, limit: int, dtype: str, rule: str, *, first_row: int = 0) -> tf.Tensor:
    """`value` as a tensor of `dtype`, with integers 0..limit-1; those of a graph are checked when it runs.

    Args:
        name: Name of the argument.
        value: Array or tensor, of integers or of real numbers without a fraction.
        limit: Number of values of an entry.
        dtype: Type of integers that holds them.
        rule: The rule, for the error.
        first_row: Number of the first row, where `value` is a part of a dataset.

    Raises:
        InputError: An entry is not such an integer.
    """
    array = numbers(name, value)
    if is_symbolic(array):
        real = tf.cast(array, tf.float32)
        return _asserted(array, (real >= 0) & (real < limit) & tf.equal(real, tf.round(real)), rule, dtype)
    with np.errstate(invalid="ignore"):
        sound = (array >= 0) & (array < limit) & (array == np.round(array))
    check_entries(name, array, sound, rule, first_row=first_row)
    return tf.cast(array, dtype)


def tensor(value: Any, array: np.ndarray | tf.Tensor, dtype: str) -> tf.Tensor:
    """`value`, whose numbers are `array`, as a tensor of `dtype`, through which gradients flow if it is one itself."""
    return tf.cast(value if tf.is_tensor(value) else array, dtype)


def _asserted(value: tf.Tensor, sound: tf.Tensor, rule: str, dtype: str) -> tf.Tensor:
    received = ["Received:", value] if value.shape.rank in (0, 1) else []  # more would not fit in a line
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(sound), [rule, *received])]):
        return tf.identity(tf.cast(value, dtype))  # a cast to the same type would be no operation that waits


def check_count(name: str, value: Any, *, least: int = 0) -> int:
    """`value` as a Python integer.

    Raises:
        InputError: `value` is not an integer, or is less than `least`.
    """
    rule = f"Expected `{name}` to be an integer, {least} or more."
    try:
        number = operator.index(value.numpy() if tf.is_tensor(value) else value)
    except TypeError:
        raise InputError(f"{rule} Received: {name}={value!r}.") from None
    check(not isinstance(value, bool) and number >= least, rule, **{name: value})
    return number
