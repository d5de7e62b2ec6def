"""The client side of TF Serving's REST API."""

from typing import Any
from urllib.parse import quote

import numpy as np
import urllib3
from google.protobuf import json_format
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap

from tfflows.serving.status import ServingError, code_of
from tfflows.serving.transport import Target


class RestTransport:
    """One pool of connections to one model.

    Numbers travel as decimals that give back the same float32.

    Args:
        address: `http://host:port`.
        target: Model and version to ask.
        timeout: Time limit of one request, in seconds.
    """

    def __init__(self, address: str, target: Target, timeout: float):
        # As many open connections as threads that are likely to share a client.
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=urllib3.Timeout(total=timeout))
        self._url = f"{address.rstrip('/')}/v1/models/{quote(target.model, safe='')}"
        if target.version is not None:
            self._url += f"/versions/{target.version}"
        if target.version_label is not None:
            self._url += f"/labels/{quote(target.version_label, safe='')}"

    def metadata(self) -> dict[str, SignatureDef]:
        answer = self._call("GET", "/metadata")["metadata"]["signature_def"]
        return dict(json_format.ParseDict(answer, SignatureDefMap(), ignore_unknown_fields=True).signature_def)

    def predict(self, signature: str, inputs: dict[str, np.ndarray], outputs: list[str]) -> dict[str, np.ndarray]:
        values = {name: value.tolist() for name, value in inputs.items()}
        answer = self._call("POST", ":predict", {"signature_name": signature, "inputs": values})["outputs"]
        named = answer if len(outputs) > 1 else {outputs[0]: answer}  # a single output comes without its name
        return {name: np.asarray(named[name]) for name in outputs}

    def close(self) -> None:
        self._pool.clear()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._pool.request(method, self._url + path, json=body)
        except urllib3.exceptions.NewConnectionError as error:
            raise ServingError("UNAVAILABLE", str(error)) from error
        except urllib3.exceptions.TimeoutError as error:
            raise ServingError("DEADLINE_EXCEEDED", str(error)) from error
        except urllib3.exceptions.HTTPError as error:  # the connection broke: asking again does no harm
            raise ServingError("UNAVAILABLE", str(error)) from error
        if response.status != 200:
            raise ServingError(code_of(response.status), _message(response))
        return response.json()


def _message(response: urllib3.BaseHTTPResponse) -> str:
    try:
        return response.json()["error"]
    except (ValueError, KeyError, TypeError):  # a proxy's page, for example
        return f"HTTP {response.status} {response.reason}: {response.data[:200].decode(errors='replace')}"
