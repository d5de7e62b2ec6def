"""Runs a server in a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
EMULATOR = (sys.executable, "-m", "tools.emulator")
PATIENCE = 180  # seconds to start


class Server(NamedTuple):
    """A running server."""

    address: str
    rest_address: str
    process: subprocess.Popen


@contextlib.contextmanager
def serving(command: Sequence[str | Path], *, model: str, **environment: str) -> Iterator[Server]:
    """A server on free ports, once `model` is available, until the end of the block.

    Args:
        command: Command of the server, to which the flags of its ports are added.
        model: Name of a model that it serves.
        environment: Environment variables, added to those of this process.

    Raises:
        RuntimeError: The server stopped, or did not start in time.
    """
    port, rest_port = free_port(), free_port()
    process = subprocess.Popen(
        [*command, f"--port={port}", f"--rest_api_port={rest_port}"],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable, "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
    )
    server = Server(f"127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}", process)
    try:
        _wait(f"{server.rest_address}/v1/models/{model}", process)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it served {url}.")
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(url):
            return
        time.sleep(0.1)
    raise RuntimeError(f"The server does not serve {url} after {PATIENCE} seconds.")
