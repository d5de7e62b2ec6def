"""An interrupted run resumes where it stopped, computes no part twice, and reuses only its own parts."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.scoring import running
from tfflows.scoring import output, score
from tfflows.scoring.job import Job
from tfflows.scoring.served import Served

ROWS = 50


@pytest.fixture
def settings(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    files = {"input": tmp_path / "x.npy", "output": tmp_path / "scores.npy"}
    return {"model": toy, **files, "part_rows": 10, "batch_size": 5}


@pytest.fixture
def counted(monkeypatch):
    """The numbers of the parts that are scored during the test."""
    numbers, score_part = [], Job.score

    def counting(job, part, served, **options):
        numbers.append(part.number)
        score_part(job, part, served, **options)

    monkeypatch.setattr(Job, "score", counting)
    return numbers


def partial(folder):
    return folder / ".scores.npy.partial"


def kept(folder):
    """The finished parts, by number, with the time at which they were written."""
    return {int(path.stem[5:]): path.stat().st_mtime_ns for path in partial(folder).glob("part-*.npy")}


def stop_after(monkeypatch, batches, error):
    """The model fails at this call."""
    call, calls = Served.__call__, []

    def failing(served, **inputs):
        calls.append(1)
        if len(calls) > batches:
            raise error
        return call(served, **inputs)

    monkeypatch.setattr(Served, "__call__", failing)


@pytest.mark.slow
def test_run_that_is_killed_goes_on(toy, tmp_path, counted):
    x = running.points(60_000)
    np.save(tmp_path / "x.npy", x)
    files = {"model": toy, "input": tmp_path / "x.npy", "output": tmp_path / "scores.npy"}
    settings = {**files, "part_rows": 500, "batch_size": 20}
    command = [sys.executable, "-m", "tfflows.scoring", *(f"--{name}={value}" for name, value in settings.items())]
    process = subprocess.Popen(command, cwd=running.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(kept(tmp_path)) < 3:
        assert process.poll() is None, process.stderr.read()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    before = kept(tmp_path)
    assert 3 <= len(before) < 120
    assert not (tmp_path / "scores.npy").exists()
    score(**settings)
    assert sorted(counted) == sorted(set(range(120)) - set(before))
    scores = np.load(tmp_path / "scores.npy")["log_prob"]
    np.testing.assert_allclose(scores, running.served(toy, x=x)["log_prob"], rtol=1e-5)
    assert not partial(tmp_path).exists()


def test_finished_parts_stay_as_they_are(settings, tmp_path, monkeypatch, counted, toy):
    with monkeypatch.context() as patch:
        stop_after(patch, 7, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            score(**settings)
    before = kept(tmp_path)
    assert sorted(before) == [0, 1, 2]
    with running.failing(output, "write", RuntimeError("disk full")), pytest.raises(RuntimeError, match="disk full"):
        score(**settings)
    assert kept(tmp_path).items() > before.items()
    counted.clear()
    score(**settings)
    assert counted == []
    scores = np.load(tmp_path / "scores.npy")["log_prob"]
    np.testing.assert_allclose(scores, running.served(toy, x=running.points(ROWS))["log_prob"], rtol=1e-5)


def test_interrupted_run_says_how_to_go_on(settings, tmp_path, monkeypatch):
    stop_after(monkeypatch, 3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match=r"^1 of 5 parts are finished; run it again to continue\.$"):
        score(**settings)
    assert list(kept(tmp_path)) == [0]
    assert not (tmp_path / "scores.npy").exists()


@pytest.fixture
def unfinished(settings, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 4, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            score(**settings)
    return tmp_path


def other_rows(folder, settings):
    np.save(folder / "x.npy", running.points(ROWS, seed=1))
    os.utime(folder / "x.npy", ns=(0, 10**18))
    return settings


def other_model(folder, settings):
    running.export_toy(folder / "other")
    return {**settings, "model": folder / "other"}


def other_input(folder, settings):
    np.save(folder / "y.npy", running.points(ROWS))
    return {**settings, "input": folder / "y.npy"}


OTHERS = {
    "rows": (other_rows, "input="),
    "model": (other_model, "model="),
    "input": (other_input, "y.npy"),
    "batch": (lambda _, settings: {**settings, "batch_size": 6}, "batch_size='5 before, 6 now'"),
    "parts": (lambda _, settings: {**settings, "part_rows": 11}, "part_rows='10 before, 11 now'"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_run_is_refused_until_it_starts_anew(name, unfinished, settings, toy):
    change, received = OTHERS[name]
    settings, before = change(unfinished, settings), kept(unfinished)
    line = running.refused(**settings)
    assert "set `restart`" in line
    assert received in line
    assert kept(unfinished) == before
    score(**settings, restart=True)
    model = unfinished / "other" if name == "model" else toy
    x = running.points(ROWS, seed=int(name == "rows"))
    scores = np.load(unfinished / "scores.npy")["log_prob"]
    np.testing.assert_allclose(scores, running.served(model, x=x)["log_prob"], rtol=1e-5)


def test_labels_are_part_of_the_run(labeled, tmp_path, monkeypatch):
    rows = running.digits(20)
    np.save(tmp_path / "x.npy", rows["x"])
    np.save(tmp_path / "label.npy", rows["label"])
    np.save(tmp_path / "other.npy", rows["label"])
    files = {"model": labeled, "input": tmp_path / "x.npy", "output": tmp_path / "scores.npy"}
    with monkeypatch.context() as patch:
        stop_after(patch, 1, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            score(**files, labels=tmp_path / "label.npy", part_rows=10)
    assert "labels=" in running.refused(**files, labels=tmp_path / "other.npy", part_rows=10)


def test_settings_that_do_not_affect_scores_may_change(unfinished, settings, counted):
    np.save(unfinished / "scores.npy", "what was there")
    score(**settings, runner="local")
    assert counted == [2, 3, 4]
    assert len(np.load(unfinished / "scores.npy")) == ROWS


@pytest.mark.parametrize("step", ["rename", "writing"])
def test_output_is_whole_or_as_it_was(step, settings, tmp_path, monkeypatch):
    (tmp_path / "scores.npy").write_text("what was there")
    rename = tf.io.gfile.rename

    def fail(source, target, *, overwrite=False):
        if target.endswith("scores.npy"):
            raise OSError("disk full")
        rename(source, target, overwrite=overwrite)

    def write_half(file, tables, empty, rows):
        file.write(b"half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        if step == "rename":
            patch.setattr(tf.io.gfile, "rename", fail)
        else:
            patch.setitem(output.WRITERS, ".npy", write_half)
        with pytest.raises(OSError, match="disk full"):
            score(**settings)
    assert (tmp_path / "scores.npy").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".scores.npy.partial", "scores.npy", "x.npy"]
    score(**settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.npy", "x.npy"]
    assert len(np.load(tmp_path / "scores.npy")) == ROWS


def test_part_that_is_not_whole_is_found(unfinished, settings):
    np.save(partial(unfinished) / "part-000000000.npy", np.zeros(9, np.float32))
    assert "hold 10 scores: set `restart` to score all parts again. Received: scores=9" in running.refused(**settings)
    assert not (unfinished / "scores.npy").exists()


def test_manifest_says_what_the_parts_are_of(unfinished):
    manifest = json.loads((partial(unfinished) / "manifest.json").read_text())
    assert (manifest["rows"], manifest["part_rows"], manifest["batch_size"]) == (ROWS, 10, 5)
    assert manifest["input"][0]["path"] == str(unfinished / "x.npy")
