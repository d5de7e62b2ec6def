"""JSON of TF Serving's REST API: inputs by rows (`instances`) or by columns (`inputs`), and outputs."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfflows.serving.status import ServingError


def parse(body: dict[str, Any], signature: SignatureDef) -> dict[str, np.ndarray]:
    """Parses the inputs of a request into the types of the signature.

    Raises:
        ServingError: INVALID_ARGUMENT, with the name of the input.
    """
    require(("instances" in body) != ("inputs" in body), "Expected one of the keys 'instances' and 'inputs'.")
    values = _columns(body["instances"], signature) if "instances" in body else _named(body["inputs"], signature)
    unknown = dict.fromkeys(set(values) - set(signature.inputs), np.empty(0))  # the signature refuses them by name
    known = signature.inputs.keys() & values.keys()
    return {name: _array(name, values[name], signature.inputs[name].dtype) for name in known} | unknown


def answer(outputs: dict[str, np.ndarray], *, by_rows: bool) -> dict[str, Any]:
    """The JSON of a prediction; a single output comes without its name."""
    values = {name: output.tolist() for name, output in outputs.items()}
    if not by_rows:
        return {"outputs": values if len(values) > 1 else next(iter(values.values()))}
    if len(values) == 1:
        return {"predictions": next(iter(values.values()))}
    rows = zip(*values.values(), strict=True)
    return {"predictions": [dict(zip(values, row, strict=True)) for row in rows]}


def require(condition: Any, rule: str) -> None:
    """Raises INVALID_ARGUMENT with `rule` unless `condition` is true."""
    if not condition:
        raise ServingError("INVALID_ARGUMENT", rule)


def _named(value: Any, signature: SignatureDef) -> dict[str, Any]:
    """Values by name; a bare value belongs to the only input."""
    if isinstance(value, dict):
        return value
    names = sorted(signature.inputs)
    require(len(names) == 1, f"Expected 'inputs' to be an object with the keys {names}.")
    return {names[0]: value}


def _columns(instances: Any, signature: SignatureDef) -> dict[str, list[Any]]:
    """All rows of an input together, by name."""
    require(isinstance(instances, list) and bool(instances), "Expected 'instances' to be a list of one row or more.")
    rows = [_named(instance, signature) for instance in instances]
    for index, row in enumerate(rows):
        require(
            set(row) == set(signature.inputs),
            f"Failed to process element: {index} of 'instances' list: expected the keys {sorted(signature.inputs)}, "
            f"received {sorted(row)}.",
        )
    return {name: [row[name] for row in rows] for name in signature.inputs}


def _array(name: str, value: Any, dtype: int) -> np.ndarray:
    wanted = tf.dtypes.as_dtype(dtype)
    try:
        array = np.asarray(value)
    except ValueError:
        raise ServingError("INVALID_ARGUMENT", f"Expected `{name}` to hold lists of equal sizes.") from None
    kinds = "iu" if wanted.is_integer else "iuf"
    with np.errstate(over="ignore", invalid="ignore"):
        fits = array.size == 0 or array.dtype.kind in kinds
        result = array.astype(wanted.as_numpy_dtype) if fits else array
    fits = fits and (not wanted.is_integer or np.array_equal(result, array))
    require(fits, f"JSON Value of `{name}` is not of expected type: {wanted.name}")
    return result
