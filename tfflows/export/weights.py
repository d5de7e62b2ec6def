"""Reads the weights of an exported model from its SavedModel back into a Keras model."""

from pathlib import Path

import tensorflow as tf

from tfflows.errors import InputError, check
from tfflows.models import GenerativeModel

KEY = "_weights/{}/.ATTRIBUTES/VARIABLE_VALUE"  # of `Servable._weights`, in the order of `model.variables`


def load_weights(model: GenerativeModel, version: Path) -> None:
    """Sets all weights of `model` to those of an export, bit for bit; if any differs in type or shape, none is set.

    Args:
        model: Model with the architecture and settings that were exported.
        version: Folder of a version of the export.

    Raises:
        InputError: The folder has no weights, or weights of another number, type or shape.
    """
    try:
        checkpoint = tf.train.load_checkpoint(str(version / "variables" / "variables"))
        shapes, dtypes = checkpoint.get_variable_to_shape_map(), checkpoint.get_variable_to_dtype_map()
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(f"Expected a version of an export, with its weights. Received: {str(version)!r}.") from error
    keys = [KEY.format(number) for number in range(sum(key.startswith("_weights/") for key in shapes))]
    rule = f"Expected {len(model.variables)} weights in {str(version)!r}, as many as the model has."
    check(len(keys) == len(model.variables), rule, weights=len(keys))
    for variable, key in zip(model.variables, keys, strict=True):
        rule = f"Expected `{variable.path}` in {str(version)!r} to be {variable.dtype} {list(variable.shape)}."
        stored = f"{dtypes[key].name} {shapes[key]}"
        check(stored == f"{variable.dtype} {list(variable.shape)}", rule, weight=stored)
    values = [checkpoint.get_tensor(key) for key in keys]
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)
