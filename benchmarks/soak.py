"""The emulator under 10,000 mixed requests, a quarter of them bad; `python -m benchmarks.soak` writes a CSV.

Good requests are rows of all signatures of several models, 1 to 64 at a time; each answer is compared with that of the
SavedModel in this process. Bad ones must be refused. The CSV gets the number of wrong
answers, and the server's resident memory over time.

oneDNN caches what it prepares for each shape, up to a thousand of them for each thread, so that memory grows until
requests of all sizes have been seen. With TF_ENABLE_ONEDNN_OPTS=0 in the environment, the memory is what the server
itself keeps.
"""

import argparse
import os
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks import timing
from benchmarks.requests import MODELS, Request, bad, good, write_config
from benchmarks.servers import EMULATOR, Server, serving
from benchmarks.serving import BATCHED
from tfflows.serving import ServingError
from tfflows.serving.grpc_transport import GrpcTransport
from tfflows.serving.transport import Target

# glibc raises its threshold for mmap with each large block that is freed, and then keeps large blocks in a heap full of
# holes: resident memory creeps up without a leak. A fixed threshold gives every large block back when it is freed.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536"}
ROUNDING = 1e-4  # relative and absolute, between batches of different sizes


class Soak:
    """Sends requests from several threads and counts what came back.

    Args:
        server: Server to send them to.
        checkpoints: Numbers of answered requests at which memory is read.
    """

    def __init__(self, server: Server, checkpoints: list[int]):
        self._address = server.address
        self._process = psutil.Process(server.process.pid)
        self._checkpoints = checkpoints
        self._lock = threading.Lock()
        self._start = time.perf_counter()
        self._transports: dict[Target, GrpcTransport] = {}
        self._counts = {"requests": 0, "bad": 0, "wrong": 0, "refused": 0, "accepted": 0}
        self.rows: list[dict[str, Any]] = []

    def send(self, request: Request) -> None:
        """Sends a request, compares and counts: `refused` good requests and `accepted` bad ones are wrong too."""
        try:
            outputs = self._transport(request.target).predict(request.signature, request.inputs, request.outputs)
        except ServingError as error:
            verdict = "refused" if request.expected is not None else None
            if request.expected is None and error.code not in ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"):
                verdict = "wrong"
        else:
            verdict = "accepted" if request.expected is None else None if same(outputs, request.expected) else "wrong"
        self._count(verdict, request)

    def _transport(self, target: Target) -> GrpcTransport:
        with self._lock:
            if target not in self._transports:
                self._transports[target] = GrpcTransport(self._address, target, timeout=60.0)
            return self._transports[target]

    def _count(self, verdict: str | None, request: Request) -> None:
        with self._lock:
            self._counts["requests"] += 1
            self._counts["bad"] += request.expected is None
            if verdict is not None:
                self._counts[verdict] += 1
                print(f"{verdict}: {request.name}", flush=True)
            if self._counts["requests"] in self._checkpoints:
                memory = round(self._process.memory_info().rss / 2**20, 1)
                seconds = round(time.perf_counter() - self._start, 1)
                self.rows.append({**self._counts, "server_rss_mb": memory, "seconds": seconds})
                print(self.rows[-1], flush=True)


def same(outputs: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    """Whether all outputs are those that were expected, up to rounding; pixels exactly."""
    return all(
        np.array_equal(outputs[name], value)
        if value.dtype.kind == "u"
        else np.allclose(outputs[name], value, rtol=ROUNDING, atol=ROUNDING)
        for name, value in expected.items()
    )


def soak(number: int, *, threads: int, seed: int, checkpoints: list[int], batched: bool) -> list[dict[str, Any]]:
    """The counts and the memory at each checkpoint."""
    choices = random.Random(seed)

    with tempfile.TemporaryDirectory() as folder:
        write_config(config := Path(folder) / "models.config")
        goods, bads = good(choices), bad()
        # Every fourth is bad, and all kinds of bad requests are equally frequent.
        requests = (next(bads) if index % 4 == 3 else next(goods) for index in range(number))
        flags = [f"--model_config_file={config}", *(BATCHED if batched else ())]
        with serving([*EMULATOR, *flags], model=MODELS[0], **ENVIRONMENT) as server:
            running = Soak(server, checkpoints)
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(running.send, requests))
    return running.rows


def main() -> None:
    """Runs once, and appends a row for each checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="of the order of requests")
    parser.add_argument("--batched", action="store_true", help="server-side: a bad row fails those it is batched with")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "soak.csv")
    arguments = parser.parse_args()
    number = arguments.requests
    checkpoints = sorted({number // 10, number // 2, number})
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")
    settings = {"threads": arguments.threads, "seed": arguments.seed, "batched": arguments.batched}
    rows = soak(number, checkpoints=checkpoints, **settings)
    timing.append(arguments.output, [{**settings, "onednn": onednn, **row} for row in rows])


if __name__ == "__main__":
    main()
