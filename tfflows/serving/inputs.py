"""Checks of inputs before they are sent: types, shapes, and finite values."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from tfflows import columns, values
from tfflows.errors import check

SHOWN = 8  # names of columns that an error quotes


def checked(signature: SignatureDef, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """The inputs of a signature as arrays of its types and shapes, with equal numbers of rows.

    Args:
        signature: Signature, as the server describes it.
        given: Values by name; None means not given.

    Raises:
        InputError: An input is missing, or the model does not take it; it has the wrong shape, does not hold numbers,
            or holds a value that is not finite or that the type cannot represent; numbers of rows differ.
    """
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        check(name in signature.inputs, f"Expected no `{name}`: the served model does not take it.", **given)
    for name in signature.inputs:
        check(name in given, f"Expected a `{name}` for each row: the served model asks for it.", **{name: None})
    arrays = {name: checked_array(name, value, signature.inputs[name]) for name, value in given.items()}
    rows = {name: len(array) for name, array in arrays.items()}
    check(len(set(rows.values())) == 1, "Expected inputs of equally many rows.", **rows)
    return arrays


def unnamed(name: str, value: Any) -> np.ndarray:
    """The numbers of `value`, whose columns have no names.

    Raises:
        InputError: It is a DataFrame with names, or it does not hold numbers.
    """
    named = columns.is_frame(value) and any(isinstance(label, str) for label in value.columns)
    rule = f"Expected `{name}` as an array, as the server does not know names: put the columns in the model's order."
    check(not named, rule, columns=named and [str(label) for label in value.columns][:SHOWN])
    return values.numbers(name, value)


def checked_array(name: str, value: Any, info: TensorInfo) -> np.ndarray:
    """`value` in the type and shape of `info`."""
    array = unnamed(name, value)
    sizes = dimensions(info.tensor_shape)
    fits = array.ndim == len(sizes) and all(want in (-1, size) for want, size in zip(sizes, array.shape, strict=True))
    shape = ", ".join(["batch", *map(str, sizes[1:])])
    check(fits, f"Expected `{name}` of shape [{shape}].", shape=array.shape)
    return cast(name, array, tf.dtypes.as_dtype(info.dtype).as_numpy_dtype)


def cast(name: str, array: np.ndarray, dtype: type) -> np.ndarray:
    """`array` as `dtype`: integers exactly, real numbers rounded as the model itself rounds them."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = array.astype(dtype)
    if result.dtype.kind == "f":
        way_out = "remove or rescale rows with NaN, infinite or too large values"
        rule = f"Expected `{name}` to be finite in {result.dtype}: {way_out}."
        # Only tables are sent in float64. Which of their values may be missing, the model itself says.
        missing = np.isnan(result) if result.dtype == np.float64 else False
        values.check_entries(name, array, np.isfinite(result) | missing, rule)
    else:
        rule = f"Expected `{name}` to hold integers."
        check(array.dtype.kind != "b" or result.dtype == np.uint8, rule, dtype="bool")  # pixels may be black or white
        limits = np.iinfo(result.dtype)
        rule = f"Expected `{name}` to hold integers in {limits.min}..{limits.max}."
        values.check_entries(name, array, result == array, rule)
    return result


def entries(signatures: Mapping[str, SignatureDef]) -> int:
    """Number of entries in a row of the largest input or output."""
    tensors = [each for signature in signatures.values() for each in signature.inputs.values()]
    tensors += [each for signature in signatures.values() for each in signature.outputs.values()]
    return max(math.prod(max(size, 1) for size in dimensions(each.tensor_shape)[1:]) for each in tensors)


def dimensions(shape: TensorShapeProto) -> list[int]:
    """Sizes of the dimensions, with -1 for any size."""
    return [dimension.size for dimension in shape.dim]
