"""One device, two mirrored replicas and two workers train the same model: the same losses and weights."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def start(strategy: str, output: Path, environment: dict[str, str] | None = None) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.training.replica_run", strategy, str(output)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **(environment or {})}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(*processes: subprocess.Popen) -> None:
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output[-3000:]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    output = tmp_path_factory.mktemp("none") / "run.npz"
    finish(start("none", output))
    return np.load(output)


def two_workers(folder: Path) -> list[Path]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in (first, second)]
    outputs = [folder / f"worker-{index}.npz" for index in range(2)]
    tasks = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(2)]
    finish(
        *(
            start("multi_worker", output, {"TF_CONFIG": json.dumps(task)})
            for output, task in zip(outputs, tasks, strict=True)
        )
    )
    return outputs


def assert_same(run, reference) -> None:
    assert len(reference["losses"]) == 6
    assert reference["losses"][-1] < reference["losses"][0], "nothing was learned"
    np.testing.assert_allclose(run["losses"], reference["losses"], rtol=1e-5)
    np.testing.assert_allclose(run["validation"], reference["validation"], rtol=1e-5)
    np.testing.assert_allclose(run["test"], reference["test"], rtol=1e-5)
    np.testing.assert_allclose(run["weights"], reference["weights"], atol=1e-4)


def test_mirrored_is_one_device(reference, tmp_path):
    finish(start("mirrored", tmp_path / "run.npz"))
    assert_same(np.load(tmp_path / "run.npz"), reference)


def test_two_workers_are_one_device(reference, tmp_path):
    for output in two_workers(tmp_path):
        assert_same(np.load(output), reference)
