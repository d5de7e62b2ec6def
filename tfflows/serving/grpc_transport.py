"""The client side of TF Serving's gRPC API."""

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2, predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from tfflows.serving.status import ServingError
from tfflows.serving.transport import Target

# No limit on the size of a message, as 64 images exceed gRPC's 4 MB; a lost connection is tried again within the
# first pauses of a client that retries.
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcTransport:
    """One channel to one model.

    Args:
        address: `host:port`.
        target: Model and version to ask.
        timeout: Time limit of one request, in seconds.
    """

    def __init__(self, address: str, target: Target, timeout: float):
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._stub = PredictionServiceStub(self._channel)
        self._target = target
        self._timeout = timeout

    def metadata(self) -> dict[str, SignatureDef]:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        signatures = get_model_metadata_pb2.SignatureDefMap()
        self._call(self._stub.GetModelMetadata, request).metadata["signature_def"].Unpack(signatures)
        return dict(signatures.signature_def)

    def predict(self, signature: str, inputs: dict[str, np.ndarray], outputs: list[str]) -> dict[str, np.ndarray]:
        protos = {name: tf.make_tensor_proto(value) for name, value in inputs.items()}
        request = predict_pb2.PredictRequest(model_spec=self._spec(signature_name=signature), inputs=protos)
        response = self._call(self._stub.Predict, request)
        return {name: tf.make_ndarray(response.outputs[name]) for name in outputs}

    def close(self) -> None:
        self._channel.close()

    def _spec(self, **fields: str) -> model_pb2.ModelSpec:
        spec = model_pb2.ModelSpec(name=self._target.model, version_label=self._target.version_label, **fields)
        if self._target.version is not None:
            spec.version.value = self._target.version
        return spec

    def _call(self, method, request):
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            raise ServingError(error.code().name, error.details()) from error
