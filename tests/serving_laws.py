"""The law of exports: a SavedModel is the model, by the rules of TF Serving."""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import kernels, op_def_registry
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from tests.cases import Case, events, kept
from tests.export.session import Session
from tfflows import noise
from tfflows.models import GenerativeModel
from tfflows.servable import Servable

ROWS = 4
OUTPUTS = {"log_prob": "log_prob", "encode": "z", "decode": "x", "sample": "x"}


def saved_model_is_the_model(case: Case) -> None:
    x, conditions = events(case, ROWS)
    assert_saved_model_is(kept(case), x, conditions, exact=not case.bounded)


def assert_saved_model_is(model: GenerativeModel, x: np.ndarray, conditions: dict, *, exact: bool = True) -> None:
    """Checks every signature of the export of a model; with `exact`, `decode` returns the rows that were encoded."""
    with tempfile.TemporaryDirectory() as folder:
        Servable(model).save(Path(folder))
        session = Session(Path(folder))
    requests = requests_of(session, x, conditions)
    z = requests["decode"]["z"]
    expected = {
        "log_prob": model.log_prob(x, **conditions),
        "encode": model.encode(x, **conditions),
        "decode": x if exact else model.decode(z, **conditions),
        "sample": model.sample(ROWS, **conditions, seed=5, temperature=0.7),
    }
    for name, inputs in requests.items():
        served = session.run(name, **inputs)
        assert_close(served[OUTPUTS[name]], expected[name])
        assert_speaks_tf_serving(session, name, inputs, served)
        assert_rows_are_independent(session, name, inputs, served)
    assert_close(session.run("serving_default", **requests["log_prob"])["log_prob"], expected["log_prob"])
    assert_runs_anywhere(session.graph_def)


def requests_of(session, x, conditions) -> dict[str, dict[str, np.ndarray]]:
    """A request to each signature, with the latents that the SavedModel itself gives."""
    sample = {"seed": noise.sample_seeds(5, ROWS).numpy(), "temperature": np.full(ROWS, 0.7, np.float32)}
    requests = {"log_prob": {"x": x}, "encode": {"x": x}, "sample": sample}
    requests["decode"] = {"z": session.run("encode", x=x, **conditions)["z"]}
    return {name: {**inputs, **conditions} for name, inputs in requests.items()}


def assert_close(found, expected) -> None:
    found, expected = (np.asarray(part).astype(float) for part in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def assert_speaks_tf_serving(session, name, inputs, outputs) -> None:
    """With TF Serving's protos: requests and responses agree with the metadata."""
    metadata = get_model_metadata_pb2.SignatureDefMap()
    metadata.signature_def[name].CopyFrom(session.signatures[name])
    signature = get_model_metadata_pb2.SignatureDefMap.FromString(metadata.SerializeToString()).signature_def[name]
    assert signature.method_name == "tensorflow/serving/predict"
    request, response = predict_pb2.PredictRequest(), predict_pb2.PredictResponse()
    for described, sent, values in (
        (signature.inputs, request.inputs, inputs),
        (signature.outputs, response.outputs, outputs),
    ):
        for key, value in values.items():
            sent[key].CopyFrom(tf.make_tensor_proto(value))
        assert set(described) == set(sent)
        for key, info in described.items():
            batch, rest = (axes := [dim.size for dim in info.tensor_shape.dim])[:1], axes[1:]
            assert batch == [-1], f"{name}: {key} is not batched on axis 0"
            assert min(rest, default=1) > 0, f"{name}: {key} has another free axis"
            assert info.dtype == sent[key].dtype
            assert [dim.size for dim in sent[key].tensor_shape.dim] == [ROWS, *rest]


def assert_rows_are_independent(session, name, inputs, outputs) -> None:
    """Server-side batching: a request of one row and one of the others, concatenated in reverse order and padded."""
    order = [1, 2, 3, 0, 1, 1, 1]
    batched = session.run(name, **{key: value[order] for key, value in inputs.items()})
    alone = session.run(name, **{key: value[:1] for key, value in inputs.items()})
    for key, value in outputs.items():
        assert_close(batched[key], value[order])
        assert_close(alone[key], value[:1])


def assert_runs_anywhere(graph_def) -> None:
    """Every operation is TensorFlow's own, has a CPU kernel, needs no XLA, and uses no stateful random numbers."""
    nodes = [*graph_def.node, *(node for function in graph_def.library.function for node in function.node_def)]
    functions = {function.signature.name for function in graph_def.library.function}
    assert nodes
    assert functions
    for operation in {node.op for node in nodes} - functions:
        assert op_def_registry.get(operation) is not None, f"{operation} is not TensorFlow's"
        assert "PyFunc" not in operation, f"{operation} needs Python"
        assert "Random" not in operation or operation.startswith("Stateless"), f"{operation} draws what it likes"
        devices = {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(operation).kernel}
        assert devices & {"CPU", "DEFAULT"} or operation in LOWERED, f"{operation} has no CPU kernel"
    for holder in (*nodes, *graph_def.library.function):
        assert not holder.attr["_XlaMustCompile"].b, f"{holder} must be compiled by XLA"


# Operations that the runtime replaces before it looks for kernels.
LOWERED = {"Placeholder"}
