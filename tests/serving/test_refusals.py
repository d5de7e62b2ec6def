"""The emulator refuses requests with the same code and message as TF Serving, and keeps running."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from tests.serving.expected import digits
from tfflows.guards import message_of

X = digits(2)
SEED, ONES = np.zeros([2, 2], np.int32), np.ones([2], np.float32)


@pytest.fixture(scope="module", params=["alone", "together"])
def channel(request):
    with grpc.insecure_channel(request.getfixturevalue(request.param).address) as channel:
        yield channel


def predict(channel, spec, output_filter=(), **inputs):
    protos = {
        name: value if isinstance(value, TensorProto) else tf.make_tensor_proto(value) for name, value in inputs.items()
    }
    request = predict_pb2.PredictRequest(model_spec=spec, inputs=protos, output_filter=output_filter)
    return PredictionServiceStub(channel).Predict(request, timeout=60)


LOG_PROB = {"name": "digits", "signature_name": "log_prob"}
SAMPLE = {"name": "digits", "signature_name": "sample"}
BROKEN = TensorProto(dtype="DT_UINT8", tensor_shape={"dim": [{"size": 3}]}, tensor_content=b"1234567")
REFUSED = {
    "model": ({"name": "nope"}, {"x": X}, "NOT_FOUND", "Servable not found for request: Latest(nope)"),
    "version": (
        {"name": "digits", "version": {"value": 9}},
        {"x": X},
        "NOT_FOUND",
        "Servable not found for request: Specific(digits, 9)",
    ),
    "label": (
        {"name": "digits", "version_label": "old"},
        {"x": X},
        "INVALID_ARGUMENT",
        "Unrecognized servable version label: old",
    ),
    "signature": (
        {"name": "digits", "signature_name": "nope"},
        {"x": X},
        "INVALID_ARGUMENT",
        'Serving signature name: "nope" not found in signature def',
    ),
    "missing": (
        SAMPLE,
        {"seed": SEED},
        "INVALID_ARGUMENT",
        "input size does not match signature: 1!=2 len({seed}) != len({seed,temperature}). "
        "Sent extra: {}. Missing but required: {temperature}.",
    ),
    "extra": (
        LOG_PROB,
        {"x": X, "label": ONES},
        "INVALID_ARGUMENT",
        "input size does not match signature: 2!=1 len({label,x}) != len({x}). Sent extra: {label}. "
        "Missing but required: {}.",
    ),
    "type": (
        SAMPLE,
        {"seed": SEED, "temperature": ONES.astype(np.float64)},
        "INVALID_ARGUMENT",
        "Expects arg[1] to be float but double is provided (input `temperature`)",
    ),
    "broken": (LOG_PROB, {"x": BROKEN}, "INVALID_ARGUMENT", "tensor parsing error: x"),
}


@pytest.mark.parametrize(("spec", "inputs", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_request_is_refused(channel, spec, inputs, code, message):
    with pytest.raises(grpc.RpcError) as raised:
        predict(channel, spec, **inputs)
    assert raised.value.code() == grpc.StatusCode[code]
    assert raised.value.details() == message


@pytest.mark.parametrize("x", [X[:, :7], X[..., 0], X[0, 0, 0, 0]], ids=["size", "rank", "number"])
def test_shapes_are_checked_by_the_graph(channel, x):
    with pytest.raises(grpc.RpcError) as raised:
        predict(channel, LOG_PROB, x=x)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    said = raised.value.details()
    assert said
    assert not [place for place in ("{{", "[Op", "Detected at", "Graph execution", "most recent") if place in said]
    assert predict(channel, LOG_PROB, x=X).outputs["log_prob"].tensor_shape.dim[0].size == 2


def test_outputs_are_chosen(channel):
    response = predict(channel, LOG_PROB, ["bits_per_dim"], x=X)
    assert set(response.outputs) == {"bits_per_dim"}
    with pytest.raises(grpc.RpcError) as raised:
        predict(channel, LOG_PROB, ["z"], x=X)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details() == (
        "output tensor alias not found in signature: z Outputs expected to be in the set {bits_per_dim,log_prob}."
    )


def test_the_default_signature_is_log_prob(channel):
    response = predict(channel, {"name": "digits", "version_label": "stable"}, x=X)
    assert response.model_spec.name == "digits"
    assert response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "serving_default"
    assert predict(channel, {"name": "digits"}, x=X).model_spec.version.value == 2
    by_name = predict(channel, {"name": "digits", "version": {"value": 1}, "signature_name": "log_prob"}, x=X)
    assert by_name.outputs["log_prob"] == response.outputs["log_prob"]


def test_metadata_describe_every_signature_and_no_other_field(channel):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={"name": "classes"}, metadata_field=["signature_def"]
    )
    response = PredictionServiceStub(channel).GetModelMetadata(request)
    assert (response.model_spec.name, response.model_spec.version.value) == ("classes", 1)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) == {"serving_default", "log_prob", "sample", "encode", "decode"}
    sample = signatures.signature_def["sample"]
    assert set(sample.inputs) == {"seed", "temperature", "label"}
    assert sample.method_name == "tensorflow/serving/predict"
    request.metadata_field[:] = ["weights"]
    with pytest.raises(grpc.RpcError) as raised:
        PredictionServiceStub(channel).GetModelMetadata(request)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_status_lists_the_versions_of_a_model(channel):
    def status(**spec):
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
        found = ModelServiceStub(channel).GetModelStatus(request).model_version_status
        assert {each.state for each in found} == {get_model_status_pb2.ModelVersionStatus.AVAILABLE}
        return [each.version for each in found]

    assert status(name="digits") == [2, 1]
    assert status(name="digits", version={"value": 1}) == [1]
    assert status(name="digits", version_label="canary") == [2]
    for spec, message in (
        ({"name": "nope"}, "Could not find any versions of model nope"),
        ({"name": "digits", "version": {"value": 7}}, "Could not find version 7 of model digits"),
    ):
        with pytest.raises(grpc.RpcError) as raised:
            status(**spec)
        assert raised.value.code() == grpc.StatusCode.NOT_FOUND
        assert raised.value.details() == message


def test_what_the_emulator_leaves_out_is_unimplemented(channel):
    with pytest.raises(grpc.RpcError) as raised:
        PredictionServiceStub(channel).Classify(predict_pb2.PredictRequest())
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_message_of_the_graph_is_kept_without_source_locations():
    python = "Graph execution error:\n\nDetected at node a/b defined at (most recent call last):\n"
    for message in (
        "{{function_node __wrapped__Call_device_/job:localhost}} {{function_node f}} Expected `x`. [Op:Call] name: ",
        f"{python}<stack traces unavailable>\nExpected `x`.\n\t [[{{{{node a}}}}]] [Op:f_1]",
        f'{python}  File "a.py", line 2, in <module>\n\n  File "b.py", line 3\n\nExpected `x`.\n'
        "\t [[{{node a/b}}]]\n\t [[Call]] [Op:f_2]",
    ):
        assert message_of(message) == "Expected `x`."
    of_two_lines = "assertion failed: [Expected `x`\nof shape] [2 3]"
    assert message_of(of_two_lines) == of_two_lines
