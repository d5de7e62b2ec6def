"""TF Serving itself: `tensorflow_model_server` on the PATH with the files of serving/, or a server that runs already.

    TF_SERVING_ADDRESS=localhost:8500 TF_SERVING_REST_ADDRESS=http://localhost:8501

names one that serves the models of serving/models.config, as docker compose does.
"""

import os
import shutil

import numpy as np
import pytest

import zoo
from benchmarks.servers import ROOT, serving
from tests.serving.expected import assert_near, digits
from tfflows.serving import Client, ServingError

BINARY = shutil.which("tensorflow_model_server")
ADDRESSES = os.environ.get("TF_SERVING_ADDRESS"), os.environ.get("TF_SERVING_REST_ADDRESS")

pytestmark = pytest.mark.skipif(
    not BINARY and not all(ADDRESSES),
    reason="no tensorflow_model_server on the PATH, nor TF_SERVING_ADDRESS and TF_SERVING_REST_ADDRESS",
)
X = digits(5)


@pytest.fixture(scope="module")
def addresses():
    if all(ADDRESSES):
        yield ADDRESSES
    else:
        with serving([ROOT / "serving" / "serve.sh"], model="realnvp_digits") as server:
            yield server.address, server.rest_address


@pytest.fixture(params=[0, 1], ids=["grpc", "rest"])
def address(request, addresses) -> str:
    return addresses[request.param]


@pytest.mark.parametrize("label", ["stable", "canary"])
def test_answers_are_those_of_the_model(address, label):
    model = zoo.load("realnvp_digits", version={"stable": 1, "canary": 2}[label])
    with Client(address, "realnvp_digits", version_label=label, max_batch_size=2) as client:
        assert_near(client.log_prob(X), model.log_prob(X))
        assert_near(client.sample(5, seed=1), model.sample(5, seed=1))
        z = client.encode(X)
        assert_near(z, model.encode(X))
        assert_near(client.decode(z), X)


def test_real_numbers(address):
    model, x = zoo.load("maf_toy_eight_gaussians"), np.random.default_rng(0).normal(size=(7, 2))
    with Client(address, "maf_toy_eight_gaussians") as client:
        assert_near(client.log_prob(x), model.log_prob(x))


def test_what_is_not_served_is_an_error(address):
    with pytest.raises(ServingError) as raised:
        Client(address, "nope")
    assert raised.value.code == "NOT_FOUND"


def test_refused_requests_leave_it_up(address):
    with Client(address, "realnvp_digits") as client:
        for signature, inputs in (("nope", {"x": X}), ("log_prob", {"x": X[:, :7]}), ("sample", {"seed": X})):
            with pytest.raises(ServingError) as raised:
                client._transport.predict(signature, inputs, ["x"])
            assert raised.value.code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")
        assert client.log_prob(X).shape == (5,)
