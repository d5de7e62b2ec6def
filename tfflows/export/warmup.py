"""Warm-up requests, which TF Serving runs before it accepts others, so that the first caller does not wait.

TF Serving reads them from `assets.extra/tf_serving_warmup_requests` of a version: a TFRecord of `PredictionLog`s.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

FILE = Path("assets.extra") / "tf_serving_warmup_requests"


def write(version: Path, name: str, requests: list[tuple[str, dict[str, np.ndarray]]]) -> None:
    """Writes `requests`, pairs of a signature's name and its inputs, into the folder of a version of model `name`."""
    (version / FILE).parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(version / FILE)) as file:
        for signature, inputs in requests:
            file.write(_logged(name, signature, inputs).SerializeToString())


def _logged(name: str, signature: str, inputs: dict[str, np.ndarray]) -> prediction_log_pb2.PredictionLog:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
