"""The server side of TF Serving's REST API, on Python's own HTTP server."""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfflows.serving.status import HTTP_STATUS, ServingError
from tools.emulator import grpc_services, json_tensors
from tools.emulator.repository import DEFAULT_SIGNATURE, Repository

PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?(?P<what>/metadata|:predict)?"
)
PROTO_JSON = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}


class RestServer(ThreadingHTTPServer):
    """Serves the models of a repository, each connection in its own thread.

    Args:
        address: Host and port; port 0 takes a free one.
        repository: Models to serve.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], repository: Repository):
        self.repository = repository
        super().__init__(address, RequestHandler)


class RequestHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: RestServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body waits 40 ms for the acknowledgement of the headers

    def do_GET(self):
        self._answer({None: self._status, "/metadata": self._metadata}, body=None)

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self._answer({":predict": self._predict}, self.rfile.read(length))

    def log_message(self, *arguments):
        """Logs nothing: tests and benchmarks need no log of requests."""

    def _answer(self, methods: dict, body: bytes | None) -> None:
        match = PATH.fullmatch(self.path)
        try:
            if match is None or match["what"] not in methods:
                raise ServingError("INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}")
            arguments = [] if body is None else [_json(body)]
            self._send(200, methods[match["what"]](spec(match), *arguments))
        except ServingError as error:
            self._send(HTTP_STATUS[error.code], {"error": error.message})

    def _send(self, http_status: int, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(http_status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _status(self, model: ModelSpec) -> dict[str, Any]:
        return json_format.MessageToDict(grpc_services.status(self.server.repository, model), **PROTO_JSON)

    def _metadata(self, model: ModelSpec) -> dict[str, Any]:
        response = grpc_services.metadata(self.server.repository, model)
        signatures = SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return {
            "model_spec": json_format.MessageToDict(response.model_spec, **PROTO_JSON),
            "metadata": {"signature_def": json_format.MessageToDict(signatures, **PROTO_JSON)},
        }

    def _predict(self, model: ModelSpec, body: dict[str, Any]) -> dict[str, Any]:
        version = self.server.repository.version(model)
        name = body.get("signature_name", DEFAULT_SIGNATURE)
        json_tensors.require(isinstance(name, str), "'signature_name' key must be a string value.")
        inputs = json_tensors.parse(body, version.signature(name).definition)
        return json_tensors.answer(version.predict(name, inputs), by_rows="instances" in body)


def spec(match: re.Match) -> ModelSpec:
    """The model that a path asks for."""
    model = ModelSpec(name=unquote(match["name"]), version_label=match["label"] and unquote(match["label"]))
    if match["version"]:
        model.version.value = int(match["version"])
    return model


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise ServingError("INVALID_ARGUMENT", f"JSON Parse error: {error}") from error
    json_tensors.require(isinstance(parsed, dict), "Expected a JSON object.")
    return parsed
