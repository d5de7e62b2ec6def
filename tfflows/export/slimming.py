"""Makes the graph of a SavedModel less than half as large, with the same results.

Most of a graph is names: each operation has a long one, which the inputs of other operations repeat. An operation of a
function is renamed after its kind and its number, `MatMul_12`. Nothing outside the function refers to it: signatures,
their inputs and outputs, variables and the texts of errors keep their names. The shapes of its outputs are left out, as
TensorFlow infers them again.
"""

from pathlib import Path

from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.saved_model import fingerprinting_utils

_PLACE = b"loc:@"  # before the name of an operation whose device is shared


def slim(folder: Path) -> None:
    """Rewrites the graph of the SavedModel in `folder`, and its fingerprint."""
    path = folder / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        for function in graph.graph_def.library.function:
            _slim(function)
    path.write_bytes(saved.SerializeToString(deterministic=True))
    # No public function renews a fingerprint.
    fingerprinting_utils.write_fingerprint(str(folder))


def _slim(function: FunctionDef) -> None:
    names = {node.name: f"{node.op}_{number}" for number, node in enumerate(function.node_def)}

    def renamed(reference: str) -> str:
        """A reference to an output, `name:output:number`, or to an operation, whose name `^` may precede."""
        control, name = ("^", reference[1:]) if reference.startswith("^") else ("", reference)
        name, colon, output = name.partition(":")
        return control + names.get(name, name) + colon + output

    for node in function.node_def:
        node.name = names[node.name]
        node.input[:] = map(renamed, node.input)
        node.attr.pop("_output_shapes", None)
        places = node.attr["_class"].list.s if "_class" in node.attr else []
        for index, place in enumerate(places):
            places[index] = _PLACE + renamed(place.removeprefix(_PLACE).decode()).encode()
    for outputs in (function.ret, function.control_ret):
        for output, reference in dict(outputs).items():
            outputs[output] = renamed(reference)
