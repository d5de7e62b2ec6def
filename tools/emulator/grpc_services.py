"""The server side of TF Serving's gRPC API: Predict, GetModelMetadata and GetModelStatus."""

import contextlib
from collections.abc import Iterator

import grpc
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2, predict_pb2
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceServicer

from tfflows.serving.status import ServingError
from tools.emulator.repository import DEFAULT_SIGNATURE, LoadedVersion, Repository


class PredictionService(PredictionServiceServicer):
    """Predict and GetModelMetadata; the other calls, for models that take `tf.Example`s, answer UNIMPLEMENTED."""

    def __init__(self, repository: Repository):
        self._repository = repository

    def Predict(self, request, context):
        with aborting_on_error(context):
            version = self._repository.version(request.model_spec)
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            outputs = version.predict(name, {key: array(key, proto) for key, proto in request.inputs.items()})
            wanted = list(request.output_filter) or list(outputs)
            protos = {key: tf.make_tensor_proto(outputs[key]) for key in check_outputs(wanted, outputs)}
            return predict_pb2.PredictResponse(
                model_spec=model_spec(request.model_spec.name, version, name), outputs=protos
            )

    def GetModelMetadata(self, request, context):
        with aborting_on_error(context):
            if list(request.metadata_field) != ["signature_def"]:
                raise ServingError("INVALID_ARGUMENT", "Expected metadata_field to be ['signature_def'].")
            return metadata(self._repository, request.model_spec)


class ModelService(ModelServiceServicer):
    """GetModelStatus; a reload answers UNIMPLEMENTED."""

    def __init__(self, repository: Repository):
        self._repository = repository

    def GetModelStatus(self, request, context):
        with aborting_on_error(context):
            return status(self._repository, request.model_spec)


def metadata(repository: Repository, spec: model_pb2.ModelSpec) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """The signatures of the version that `spec` asks for."""
    version = repository.version(spec)
    signatures = {name: signature.definition for name, signature in version.signatures.items()}
    response = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=model_spec(spec.name, version))
    response.metadata["signature_def"].Pack(get_model_metadata_pb2.SignatureDefMap(signature_def=signatures))
    return response


def status(repository: Repository, spec: model_pb2.ModelSpec) -> get_model_status_pb2.GetModelStatusResponse:
    """The versions that `spec` asks for; all are available, since they were loaded before the server started."""
    state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    found = [
        get_model_status_pb2.ModelVersionStatus(version=number, state=state, status={"error_code": "OK"})
        for number in repository.available(spec)
    ]
    return get_model_status_pb2.GetModelStatusResponse(model_version_status=found)


def model_spec(name: str, version: LoadedVersion, signature: str = "") -> model_pb2.ModelSpec:
    """The model, version and signature that answered."""
    return model_pb2.ModelSpec(name=name, version={"value": version.number}, signature_name=signature)


def array(name: str, proto):
    """Value of an input as an array.

    Raises:
        ServingError: `proto` is not a valid tensor.
    """
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise ServingError("INVALID_ARGUMENT", f"tensor parsing error: {name}") from error


def check_outputs(wanted: list[str], outputs: dict) -> list[str]:
    """`wanted`, checked to be names of outputs.

    Raises:
        ServingError: One of them is not an output.
    """
    for name in wanted:
        if name not in outputs:
            among = ",".join(sorted(outputs))
            raise ServingError(
                "INVALID_ARGUMENT",
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set {{{among}}}.",
            )
    return wanted


@contextlib.contextmanager
def aborting_on_error(context: grpc.ServicerContext) -> Iterator[None]:
    """Ends the request with the code and the message of a `ServingError`."""
    try:
        yield
    except ServingError as error:
        context.abort(grpc.StatusCode[error.code], error.message)
