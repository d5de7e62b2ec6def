"""The emulator's REST API has the formats of TF Serving's, so that curl commands work with either."""

import http.client
import json
import urllib.error
import urllib.request

import numpy as np
import pytest

from tests.serving.expected import digits
from tools.emulator import json_tensors
from tools.emulator.repository import definitions

X = digits(2).tolist()
SEEDS = [[0, 1], [2, 3]]


def ask(server, path, body=None):
    """HTTP status and content."""
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(f"{server.rest_address}/v1/models/{path}", data) as response:
            assert response.headers["Content-Type"] == "application/json"
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def predict(server, body, model="digits"):
    status, content = ask(server, f"{model}:predict", body)
    assert status == 200, content
    return content


def test_rows_of_one_output_come_bare(alone):
    instances = [{"seed": seed, "temperature": 0.8} for seed in SEEDS]
    content = predict(alone, {"signature_name": "sample", "instances": instances})
    assert set(content) == {"predictions"}
    assert np.shape(content["predictions"]) == (2, 8, 8, 1)
    assert all(isinstance(pixel, int) for pixel in np.ravel(content["predictions"]).tolist())


def test_rows_of_several_outputs_come_by_name(alone):
    bare = predict(alone, {"instances": X})
    assert [set(row) for row in bare["predictions"]] == [{"log_prob", "bits_per_dim"}] * 2
    assert predict(alone, {"instances": [{"x": x} for x in X]}) == bare
    columns = predict(alone, {"inputs": X})
    assert columns["outputs"]["log_prob"] == [row["log_prob"] for row in bare["predictions"]]


def test_inputs_by_column_give_outputs_by_name(alone):
    inputs = {"seed": SEEDS, "temperature": [1, 1]}  # an integer is a real number too
    content = predict(alone, {"signature_name": "sample", "inputs": inputs})
    assert set(content) == {"outputs"}
    assert np.shape(content["outputs"]) == (2, 8, 8, 1)
    content = predict(alone, {"signature_name": "log_prob", "inputs": {"x": X}})
    assert set(content["outputs"]) == {"log_prob", "bits_per_dim"}


def test_versions_and_labels(alone):
    body = {"inputs": X}
    first, second = (predict(alone, body, f"digits/versions/{number}") for number in (1, 2))
    assert first != second
    assert predict(alone, body, "digits/labels/stable") == first
    assert predict(alone, body, "digits/labels/canary") == second
    assert predict(alone, body) == second


def test_nan_and_infinity_are_returned():
    text = json.dumps(json_tensors.answer({"x": np.float32([np.nan, np.inf, -np.inf])}, by_rows=False))
    assert text == '{"outputs": [NaN, Infinity, -Infinity]}'


def test_nan_and_infinity_are_passed_to_the_graph(folder):
    encode = definitions(folder / "toy/1")["encode"]
    x = json_tensors.parse(json.loads('{"instances": [[NaN, Infinity], [1, 1e39]]}'), encode)["x"]
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, np.float32([[np.nan, np.inf], [1, np.inf]]))


def test_status_lists_the_versions_of_a_model(alone):
    ok = {"error_code": "OK", "error_message": ""}
    both = [{"version": version, "state": "AVAILABLE", "status": ok} for version in ("2", "1")]
    assert ask(alone, "digits") == (200, {"model_version_status": both})
    assert ask(alone, "digits/versions/1") == (200, {"model_version_status": both[1:]})
    assert ask(alone, "digits/labels/canary") == (200, {"model_version_status": both[:1]})
    assert ask(alone, "nope") == (404, {"error": "Could not find any versions of model nope"})


def test_metadata_describe_every_signature(alone):
    status, content = ask(alone, "digits/versions/1/metadata")
    assert status == 200
    assert content["model_spec"] == {"name": "digits", "signature_name": "", "version": "1"}
    signatures = content["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "log_prob", "sample", "encode", "decode"}
    temperature = signatures["sample"]["inputs"]["temperature"]
    assert temperature["dtype"] == "DT_FLOAT"
    assert temperature["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


REFUSED = {
    "model": ("nope:predict", {"inputs": X}, 404, r"Servable not found for request: Latest(nope)"),
    "label": ("digits/labels/old:predict", {"inputs": X}, 400, "Unrecognized servable version label: old"),
    "method": ("digits:explain", {"inputs": X}, 400, "Malformed request: POST /v1/models/digits:explain"),
    "path": ("digits/1:predict", {"inputs": X}, 400, "Malformed request"),
    "get of a prediction": ("digits:predict", None, 400, "Malformed request: GET /v1/models/digits:predict"),
    "no json": ("digits:predict", b"{", 400, "JSON Parse error"),
    "no text": ("digits:predict", b"\xff\xfe{", 400, "JSON Parse error"),
    "no object": ("digits:predict", [1], 400, "Expected a JSON object"),
    "neither": ("digits:predict", {}, 400, "one of the keys 'instances' and 'inputs'"),
    "both": ("digits:predict", {"instances": X, "inputs": X}, 400, "one of the keys 'instances' and 'inputs'"),
    "no rows": ("digits:predict", {"instances": []}, 400, "'instances' to be a list of one row or more"),
    "instances by name": ("digits:predict", {"instances": {"x": X}}, 400, "'instances' to be a list"),
    "signature": ("digits:predict", {"signature_name": "nope", "inputs": X}, 400, '"nope" not found in signature def'),
    "number as a signature": ("digits:predict", {"signature_name": 1}, 400, "'signature_name' key must be a string"),
    "bare": ("digits:predict", {"signature_name": "sample", "inputs": SEEDS}, 400, "['seed', 'temperature']"),
    "missing in a row": (
        "digits:predict",
        {"signature_name": "sample", "instances": [{"seed": [0, 1], "temperature": 1}, {"seed": [0, 1]}]},
        400,
        "element: 1 of 'instances' list: expected the keys ['seed', 'temperature'], received ['seed']",
    ),
    "missing": ("digits:predict", {"inputs": {"y": X}}, 400, "Sent extra: {y}. Missing but required: {x}."),
    "extra": ("digits:predict", {"inputs": {"x": X, "y": [[1], [2, 3]]}}, 400, "Sent extra: {y}. Missing"),
    "fraction": ("digits:predict", {"inputs": [0.5]}, 400, "JSON Value of `x` is not of expected type: uint8"),
    "too large": ("digits:predict", {"inputs": [256]}, 400, "JSON Value of `x` is not of expected type: uint8"),
    "huge": ("digits:predict", {"inputs": [10**30]}, 400, "JSON Value of `x` is not of expected type: uint8"),
    "text": ("toy:predict", {"inputs": [["a", "b"]]}, 400, "JSON Value of `x` is not of expected type: float32"),
    "truth": ("toy:predict", {"inputs": [[True, False]]}, 400, "JSON Value of `x` is not of expected type: float32"),
    "null": ("toy:predict", {"inputs": [[None, 1]]}, 400, "JSON Value of `x` is not of expected type: float32"),
    "ragged": ("toy:predict", {"inputs": [[1, 2], [3]]}, 400, "Expected `x` to hold lists of equal sizes"),
    "shape": ("toy:predict", {"inputs": [[1, 2, 3]]}, 400, "Expected `x` of shape [batch, 2]. Received: shape=[1 3]."),
}


@pytest.mark.parametrize(("path", "body", "status", "words"), REFUSED.values(), ids=REFUSED)
def test_request_is_refused(alone, path, body, status, words):
    code, content = ask(alone, path, body)
    assert (code, set(content)) == (status, {"error"})
    assert words in content["error"]


def test_a_connection_is_kept(alone):
    connection = http.client.HTTPConnection(alone.rest_address.removeprefix("http://"))
    for body in ("{", json.dumps({"inputs": [[0.0, 1.0]]})):
        connection.request("POST", "/v1/models/toy:predict", body)
        socket = connection.sock
        response = connection.getresponse()
        response.read()
        assert connection.sock is socket
    assert response.status == 200
    connection.close()
