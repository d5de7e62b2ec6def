"""The weights of an export: they are stored once, in the variables of its SavedModel."""

from pathlib import Path

import tensorflow as tf

from tfflows.errors import InputError, check
from tfflows.models import GenerativeModel

VARIABLES = Path("variables") / "variables"


def load_weights(model: GenerativeModel, version: Path) -> None:
    """Reads the weights of a version into a model of its configuration, whichever release of tfflows wrote it.

    A SavedModel holds the weights in the order of `model.variables`.

    Raises:
        InputError: There is no SavedModel, or it holds other weights than the model has.
    """
    try:
        checkpoint = tf.train.load_checkpoint(str(version / VARIABLES))
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(f"Expected an export with its variables. Received: version={str(version)!r}.") from error
    keys = [f"_weights/{index}/.ATTRIBUTES/VARIABLE_VALUE" for index in range(len(model.variables))]
    shapes = checkpoint.get_variable_to_shape_map()
    known = {key: shape for key, shape in shapes.items() if key.startswith("_weights/")}
    same = set(known) == set(keys) and all(
        tuple(known[key]) == tuple(variable.shape) for key, variable in zip(keys, model.variables, strict=True)
    )
    rule = "Expected the weights of the export to be those of its configuration: export the model again."
    check(same, rule, version=str(version), there=len(known), here=len(keys))
    for key, variable in zip(keys, model.variables, strict=True):
        variable.assign(checkpoint.get_tensor(key))
