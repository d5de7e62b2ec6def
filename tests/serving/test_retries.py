"""A request is retried only if the server is unavailable, with longer and longer pauses."""

import socket
import threading
import time

import numpy as np
import pytest

from tests.serving import fakes
from tfflows.serving import Client, ServingError
from tfflows.serving import client as module

X = [[1.0, 2.0], [3.0, 4.0]]


@pytest.fixture(params=fakes.SERVERS)
def server(request):
    return fakes.SERVERS[request.param]


@pytest.fixture
def pauses(monkeypatch):
    """Records the upper limit of each pause instead of pausing."""
    pauses = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    return pauses


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_unavailable_is_tried_again(server, failures):
    script = fakes.Script(*["UNAVAILABLE"] * failures)
    with server(script) as address, Client(address, "sum", retries=3, backoff=0.01) as client:
        np.testing.assert_array_equal(client.log_prob(X), [3.0, 7.0])
    assert len(script.times) == failures + 1


def test_retries_end(server):
    script = fakes.Script(*["UNAVAILABLE"] * 9)

    with server(script) as address, pytest.raises(ServingError, match=f"UNAVAILABLE: {fakes.WORDS}") as raised:
        Client(address, "sum", retries=2, backoff=0.01).log_prob(X)
    assert (raised.value.code, raised.value.message) == ("UNAVAILABLE", fakes.WORDS)
    assert len(script.times) == 3


@pytest.mark.parametrize(
    "code", ["INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "INTERNAL", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"]
)
def test_other_failures_are_tried_once(server, code):
    script = fakes.Script(code)

    with server(script) as address, pytest.raises(ServingError) as raised:
        Client(address, "sum", backoff=0).log_prob(X)
    assert (raised.value.code, raised.value.message) == (code, fakes.WORDS)
    assert len(script.times) == 1


def test_a_late_answer_is_not_asked_for_again(server):
    script = fakes.Script(fakes.SLEEP)
    with server(script) as address, Client(address, "sum", timeout=0.6, backoff=0) as client:
        start = time.monotonic()
        with pytest.raises(ServingError) as raised:
            client.log_prob(X)
        assert 0.5 < time.monotonic() - start < fakes.LATE
        assert raised.value.code == "DEADLINE_EXCEEDED"
        assert len(script.times) == 1


def test_each_part_of_a_batch_has_its_own_retries(server):
    script = fakes.Script("UNAVAILABLE", None, "UNAVAILABLE", None)
    with server(script) as address, Client(address, "sum", retries=1, backoff=0.01, max_batch_size=1) as client:
        np.testing.assert_array_equal(client.log_prob(X), [3.0, 7.0])
    assert len(script.times) == 4


def test_pauses_double_up_to_a_limit(server, pauses):
    script = fakes.Script(*["UNAVAILABLE"] * 5)
    with server(script) as address, Client(address, "sum", retries=5, backoff=0.5) as client:
        client.log_prob(X)
    assert pauses == [0.5, 1, 2, 4, 5]


def test_pauses_are_random(server, monkeypatch):
    pauses = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    script = fakes.Script(*["UNAVAILABLE"] * 20)
    with server(script) as address, Client(address, "sum", retries=20, backoff=5) as client:
        client.log_prob(X)
    assert all(2.5 <= pause <= 5 for pause in pauses)
    assert len(set(pauses)) > 10


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_missing_server_is_unavailable(scheme, pauses):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ServingError) as raised:
            Client(address, "sum", retries=2)
    assert raised.value.code == "UNAVAILABLE"
    assert "refused" in raised.value.message
    assert len(pauses) == 2


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_server_that_hangs_up_is_unavailable(scheme, pauses):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections, stopped = [], threading.Event()

        def hang_up() -> None:
            while not stopped.is_set():
                connections.append(listener.accept()[0])
                connections[-1].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        with pytest.raises(ServingError) as raised:
            Client(f"{scheme}127.0.0.1:{listener.getsockname()[1]}", "sum", retries=1)
        tries = len(connections)
        stopped.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
    assert raised.value.code == "UNAVAILABLE"
    assert len(pauses) == 1
    assert not scheme or tries == 2  # a gRPC channel may connect more often


def test_error_page_of_a_proxy_is_in_the_message(monkeypatch):
    def send(handler, status, content):
        handler.send_response(502, "Bad Gateway")
        handler.end_headers()
        handler.wfile.write(b"<html>down</html>")

    monkeypatch.setattr(fakes.Handler, "send", send)
    with fakes.rest_server(fakes.Script()) as address, pytest.raises(ServingError) as raised:
        Client(address, "sum")
    assert str(raised.value) == "UNKNOWN: HTTP 502 Bad Gateway: <html>down</html>"
