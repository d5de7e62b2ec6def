"""A run that is killed resumes, and ends with the same result as an uninterrupted run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import train

ROOT = Path(__file__).parents[2]
STEPS = 60


def flags(folder: Path) -> list[str]:
    return [
        *("--model=realnvp", "--dataset=digits", f"--steps={STEPS}", "--batch_size=64"),
        *(
            "--set=train.validate_every=10",
            "--set=model.scales=1",
            "--set=model.width=8",
            "--set=train.ema=0.9",
            "--set=train.warmup_steps=5",
        ),
        *(f"--workdir={folder / 'run'}", f"--export_dir={folder / 'exported'}"),
    ]


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "train.py", *flags(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def score(folder: Path, version: int = 1) -> float:
    return json.loads((folder / "exported" / "realnvp_digits" / str(version) / "metrics.json").read_text())["nats"]


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "run" / "checkpoints").glob("step-*.index"))


def kill_after(process: subprocess.Popen, folder: Path, number: int) -> None:
    deadline = time.monotonic() + 240
    while not checkpoints(folder) or int(checkpoints(folder)[-1].stem.split("-")[1]) < number:
        assert process.poll() is None, process.stdout.read()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(*flags(folder))
    return score(folder)


@pytest.mark.slow
def test_killed_run_ends_where_the_uninterrupted_one_does(uninterrupted, tmp_path):
    kill_after(start(tmp_path), tmp_path, 20)
    assert not (tmp_path / "exported" / "realnvp_digits" / "1").exists()
    truncated = sorted((tmp_path / "run" / "checkpoints").glob("step-*.data*"))[-1]
    os.truncate(truncated, truncated.stat().st_size // 2)
    process = start(tmp_path)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-3000:]
    assert "cannot be read" in output
    assert "going back to the one before" in output
    assert abs(score(tmp_path) - uninterrupted) < 1e-5
    assert len(checkpoints(tmp_path)) == 2
