"""Servers that fail as a test says, then answer: one signature, `log_prob`, whose answer is the sum of each row."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)

from tfflows.serving.status import HTTP_STATUS

WORDS = "no more today"
SLEEP = "SLEEP"  # in place of a code: answers after the client's timeout
LATE = 2.0  # seconds

SIGNATURES = get_model_metadata_pb2.SignatureDefMap(
    signature_def={
        "log_prob": SignatureDef(
            inputs={"x": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": -1}, {"size": 2}]}}},
            outputs={"log_prob": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": -1}]}}},
        )
    }
)


class Script:
    """What to answer to each prediction in turn: codes of failures, then answers. Counts what was asked."""

    def __init__(self, *codes: str):
        self.codes, self.times = list(codes), []

    def next(self) -> str | None:
        self.times.append(time.monotonic())
        code = self.codes.pop(0) if self.codes else None
        if code == SLEEP:
            time.sleep(LATE)
        return None if code == SLEEP else code


class Service(PredictionServiceServicer):
    def __init__(self, script: Script):
        self.script = script

    def GetModelMetadata(self, request, context):
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(SIGNATURES)
        return response

    def Predict(self, request, context):
        if code := self.script.next():
            context.abort(grpc.StatusCode[code], WORDS)
        total = tf.make_ndarray(request.inputs["x"]).sum(axis=1)
        return predict_pb2.PredictResponse(outputs={"log_prob": tf.make_tensor_proto(total)})


@contextlib.contextmanager
def grpc_server(script: Script) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    add_PredictionServiceServicer_to_server(Service(script), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send(200, {"metadata": {"signature_def": json_format.MessageToDict(SIGNATURES)}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if code := self.server.script.next():
            self.send(HTTP_STATUS[code], {"error": WORDS})
        else:
            self.send(200, {"outputs": [sum(row) for row in body["inputs"]["x"]]})

    def send(self, status: int, content: dict) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def rest_server(script: Script) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.script = True, script
    server.handle_error = lambda *_: None  # a client that gave up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SERVERS = {"grpc": grpc_server, "rest": rest_server}
