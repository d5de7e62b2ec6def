"""One device, two mirrored replicas and two workers train the same model: the same losses and weights."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training import replica_run

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
    replica_run.main("none", str(output))
    return np.load(output)


def tasks() -> list[str]:
    """TF_CONFIG of each of two workers on free ports of this machine."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in (first, second)]
    workers = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(2)]
    return [json.dumps(worker) for worker in workers]


def assert_same(run, reference) -> None:
    assert len(reference["losses"]) == 6
    assert reference["losses"][-1] < reference["losses"][0], "nothing was learned"
    np.testing.assert_allclose(run["losses"], reference["losses"], rtol=1e-5)
    np.testing.assert_allclose(run["validation"], reference["validation"], rtol=1e-5)
    np.testing.assert_allclose(run["test"], reference["test"], rtol=1e-5)
    np.testing.assert_allclose(run["weights"], reference["weights"], atol=1e-4)


@pytest.mark.slow
def test_mirrored_is_one_device(reference, tmp_path):
    finish(start("mirrored", tmp_path / "run.npz"))
    assert_same(np.load(tmp_path / "run.npz"), reference)


@pytest.mark.slow
def test_two_workers_are_one_device(reference, tmp_path):
    outputs = [tmp_path / f"worker-{index}.npz" for index in range(2)]
    finish(
        *(start("multi_worker", *pair) for pair in zip(outputs, ({"TF_CONFIG": task} for task in tasks()), strict=True))
    )
    for output in outputs:
        assert_same(np.load(output), reference)


@pytest.mark.slow
def test_two_workers_run_train_and_only_the_chief_writes(tmp_path):
    flags = ["--model=realnvp", "--dataset=digits", "--strategy=multi_worker", "--steps=4", "--batch_size=32"]
    flags += [
        "--set=model.scales=1",
        "--set=model.width=4",
        "--set=train.validate_every=2",
        "--set=train.sample_every=1",
    ]
    flags += [f"--workdir={tmp_path / 'run'}", f"--export_dir={tmp_path / 'exported'}"]
    workers = [
        subprocess.Popen(
            [sys.executable, "train.py", *flags],
            **{"cwd": ROOT, "env": {**os.environ, "TF_CONFIG": task}, "text": True},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT},
        )
        for task in tasks()
    ]
    outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    assert ["Test score" in output for output in outputs] == [True, False]
    assert [path.name for path in (tmp_path / "exported/realnvp_digits").glob("[0-9]*")] == ["1"]
    assert len(list((tmp_path / "run/checkpoints").glob("*.index"))) == 2
    assert len(list((tmp_path / "run/tensorboard").glob("train/*tfevents*"))) == 1
