"""Makes the graph of a SavedModel less than half as large, with the same results.

Most of a graph is names: each operation has a long one, which the inputs of other operations repeat. An operation of a
function is renamed after its kind and its number, `MatMul_12`, and the arguments and results of a function that is only
called inside the graph, such as the body of a loop, after their position. Nothing outside refers to them: signatures,
their inputs and outputs, variables and the texts of errors keep their names. The shapes of the outputs of operations
are left out, as TensorFlow infers them again.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.saved_model import fingerprinting_utils

_PLACE = b"loc:@"  # before the name of an operation whose device is shared


def slim(folder: Path) -> None:
    """Rewrites the graph of the SavedModel in `folder`, and its fingerprint."""
    path = folder / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        called_by_name = graph.object_graph_def.concrete_functions
        for function in graph.graph_def.library.function:
            names = {node.name: f"{node.op}_{number}" for number, node in enumerate(function.node_def)}
            if function.signature.name not in called_by_name:
                names |= _rename_arguments_and_results(function)
            _rename_operations(function, names)
    path.write_bytes(saved.SerializeToString(deterministic=True))
    # No public function renews a fingerprint.
    fingerprinting_utils.write_fingerprint(str(folder))


def _rename_arguments_and_results(function: FunctionDef) -> dict[str, str]:
    """Names arguments and results by position; returns the new name of each argument, which operations refer to."""
    signature = function.signature
    arguments, results = _number("in", signature.input_arg), _number("out", signature.output_arg)
    controls = {name: f"control_{number}" for number, name in enumerate(signature.control_output)}
    signature.control_output[:] = controls.values()
    _rename_keys(function.ret, results)
    _rename_keys(function.control_ret, controls)
    for attributes in function.arg_attr.values():
        attributes.attr.pop("_user_specified_name", None)
    return arguments


def _number(kind: str, arguments: Sequence[OpDef.ArgDef]) -> dict[str, str]:
    """Names arguments by position; returns the new name of each."""
    names = {argument.name: f"{kind}_{number}" for number, argument in enumerate(arguments)}
    for argument, name in zip(arguments, names.values(), strict=True):
        argument.name = name
    return names


def _rename_keys(mapping: MutableMapping[str, str], names: Mapping[str, str]) -> None:
    values = {names[key]: value for key, value in mapping.items()}
    mapping.clear()
    mapping.update(values)


def _rename_operations(function: FunctionDef, names: Mapping[str, str]) -> None:
    """Gives operations their new names, and everything that refers to an operation or an argument."""

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
