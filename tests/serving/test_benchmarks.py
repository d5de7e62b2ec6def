"""The benchmarks of serving count and tabulate what they say."""

import os
import random
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import requests, servers, serving, soak
from benchmarks.requests import Request
from tfflows.errors import InputError
from tfflows.serving import ServingError
from tfflows.serving.transport import Target


def test_latencies_leave_out_the_warm_up():
    calls, lock = [0], threading.Lock()

    def call() -> None:
        with lock:
            calls[0] += 1
        time.sleep(0.02 if time.perf_counter() - start > 0.2 else 0.001)

    start = time.perf_counter()
    times = serving.latencies([call] * 3, seconds=0.4, warm_up=0.25)
    assert 3 < len(times) <= 3 * 21
    assert calls[0] > len(times) + 20
    assert min(times) >= 0.02


def test_table_has_the_newest_row_of_each_setting(tmp_path):
    (tmp_path / "serving.csv").write_text(
        "model,server,rows_per_request,clients,rows_per_second,requests,p50_ms,p99_ms,seconds\n"
        "a,gRPC,1,8,1000.0,9,1.25,3.5,5.0\na,gRPC,1,64,3000.0,9,2.25,4.5,5.0\na,gRPC,1,8,2000.4,9,1.5,3.75,5.0\n"
    )
    docs = tmp_path / "serving.md"
    docs.write_text("before\n<!-- load -->\nold\n<!-- /load -->\nafter\n")
    serving.renew(docs, tmp_path / "serving.csv")
    lines = docs.read_text().splitlines()
    assert (lines[:2], lines[-2:]) == (["before", "<!-- load -->"], ["<!-- /load -->", "after"])
    assert lines[4:-2] == [
        "| `a` | gRPC | 1 | 8 | 2,000 | 1.5 | 3.75 |",
        "| `a` | gRPC | 1 | 64 | 3,000 | 2.25 | 4.5 |",
    ]
    docs.write_text("no marks")
    with pytest.raises(InputError, match="Expected the marks <!-- load --> and <!-- /load -->"):
        serving.renew(docs, tmp_path / "serving.csv")
    assert "<!-- load -->\n" in serving.DOCS.read_text()


class Transport:
    """Returns the answer that it was made with, or raises it."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, signature, inputs, outputs):
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"x": self.answer}


RIGHT = np.float32([1.0, 2.0])
VERDICTS = {
    "right": (RIGHT, RIGHT, {}),
    "rounded": (RIGHT, RIGHT * (1 + 5e-5), {}),
    "wrong": (RIGHT, RIGHT * 1.001, {"wrong": 1}),
    "wrong pixel": (np.uint8([1]), np.uint8([2]), {"wrong": 1}),
    "another shape": (RIGHT, RIGHT[:1, None, None], {"wrong": 1}),
    "refused": (RIGHT, ServingError("INVALID_ARGUMENT", ""), {"refused": 1}),
    "bad": (None, ServingError("INVALID_ARGUMENT", ""), {"bad": 1}),
    "bad model": (None, ServingError("NOT_FOUND", ""), {"bad": 1}),
    "bad, and the server is gone": (None, ServingError("UNAVAILABLE", ""), {"bad": 1, "wrong": 1}),
    "bad and accepted": (None, RIGHT, {"bad": 1, "accepted": 1}),
}


@pytest.mark.parametrize(("expected", "answer", "counts"), VERDICTS.values(), ids=VERDICTS)
def test_soak_counts(monkeypatch, expected, answer, counts):
    monkeypatch.setattr(soak.Soak, "_transport", lambda self, target: Transport(answer))
    running = soak.Soak(servers.Server("", "", SimpleNamespace(pid=os.getpid())), [1])
    wanted = None if expected is None else {"x": expected}
    running.send(Request("", Target("a"), "", {}, [], wanted))
    (row,) = running.rows
    zeros = {"bad": 0, "wrong": 0, "refused": 0, "accepted": 0}
    assert {name: row[name] for name in ("requests", *zeros)} == {"requests": 1, **zeros, **counts}
    assert row["server_rss_mb"] > 10


def test_soak_asks_for_rows_of_every_signature(monkeypatch):
    monkeypatch.setattr(requests, "MODELS", ("maf_toy_eight_gaussians",))
    made = requests.good(random.Random(0))
    found = [next(made) for _ in range(60)]
    assert {request.signature for request in found} == {"log_prob", "sample", "encode", "decode"}
    sizes = {len(next(iter(request.expected.values()))) for request in found}
    assert sizes <= set(range(1, 65))
    assert len(sizes) > 20
