"""Servers in processes of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOOPBACK = (sys.executable, "-m", "tfflows.serving.loopback")
PATIENCE = 120  # seconds to start


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def serving(command: Sequence[str | Path], *, model: str, **environment: str) -> Iterator[tuple[str, str]]:
    """Addresses of gRPC and of REST, once `model` is available; ends the server by SIGTERM.

    Args:
        command: Of a server, to which the flags of its ports are added.
        model: A model that it serves.
        environment: Added to this process's.
    """
    port, rest_port = free_port(), free_port()
    process = subprocess.Popen(
        [*command, f"--port={port}", f"--rest_api_port={rest_port}"],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable, **environment},
    )
    try:
        wait(f"http://127.0.0.1:{rest_port}/v1/models/{model}", process)
        yield f"127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code in (0, -signal.SIGTERM)


def wait(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(url):
            return
        time.sleep(0.1)
    raise TimeoutError(url)
