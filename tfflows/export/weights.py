"""Reads the weights of an exported model from its SavedModel back into a Keras model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfflows.errors import InputError, check
from tfflows.models import GenerativeModel

KEY = "_weights/{}/.ATTRIBUTES/VARIABLE_VALUE"  # of `Servable._weights`, in the order of `model.variables`


def load_weights(model: GenerativeModel, version: Path) -> None:
    """Sets all weights of `model` to those of an export, bit for bit; if any differs in type or shape, none is set.

    A layer whose weights were larger in earlier versions has `parts`, which says which part it is.

    Args:
        model: Model with the architecture and settings that were exported.
        version: Folder of a version of the export.

    Raises:
        InputError: The folder has no weights, or weights of another number, type or shape.
    """
    try:
        checkpoint = tf.train.load_checkpoint(str(version / "variables" / "variables"))
        shapes = checkpoint.get_variable_to_shape_map()
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(f"Expected a version of an export, with its weights. Received: {str(version)!r}.") from error
    keys = [KEY.format(number) for number in range(sum(key.startswith("_weights/") for key in shapes))]
    rule = f"Expected {len(model.variables)} weights in {str(version)!r}, as many as the model has."
    check(len(keys) == len(model.variables), rule, weights=len(keys))
    values = _cut(model, [checkpoint.get_tensor(key) for key in keys])
    for variable, value in zip(model.variables, values, strict=True):
        rule = f"Expected `{variable.path}` in {str(version)!r} to be {variable.dtype} {list(variable.shape)}."
        stored = f"{value.dtype} {list(value.shape)}"
        check(stored == f"{variable.dtype} {list(variable.shape)}", rule, weight=stored)
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


def _cut(model: GenerativeModel, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The values, of which those that a layer had in a larger shape in earlier versions are cut."""
    layers = [layer for layer in model._flatten_layers() if hasattr(layer, "parts")]
    parts = {path: part for layer in layers for path, part in layer.parts().items()}
    found = []
    for variable, value in zip(model.variables, values, strict=True):
        shape, index = parts.get(variable.path, (None, ()))
        found.append(value[np.ix_(*index)] if value.shape == shape else value)
    return found
