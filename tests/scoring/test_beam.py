"""Apache Beam gives the same scores as one machine, bit for bit."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.scoring import running
from tests.scoring.test_formats import OF_REAL_NUMBERS
from tests.scoring.test_resume import stop_after
from tfflows.scoring import inputs, score
from tfflows.scoring.beam import PartHandler
from tfflows.scoring.job import Job
from tfflows.scoring.parts import split_into_parts
from tfflows.scoring.served import Version

ROWS = 53
SMALL_PARTS = {"part_rows": 10, "batch_size": 8}
TWO_THREADS = {
    "runner": "DirectRunner",
    "runner_options": ("--direct_num_workers=2", "--direct_running_mode=multi_threading"),
}


@pytest.mark.parametrize("name", ["npy", "csv", "parquet lists", "tfrecord"])
def test_two_workers_score_as_one_machine_does(name, toy, tmp_path):
    file, write = OF_REAL_NUMBERS[name]
    write(tmp_path / file, running.points(ROWS))
    score(toy, tmp_path / file, tmp_path / "local.parquet", **SMALL_PARTS)
    result = score(toy, tmp_path / file, tmp_path / "beam.parquet", **SMALL_PARTS, **TWO_THREADS)
    assert (tmp_path / "beam.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    assert result.rows == ROWS


def test_dataset_and_labels_score_as_on_one_machine(labeled, tmp_path):
    score(labeled, "digits", tmp_path / "local.npy", part_rows=100)
    score(labeled, "digits", tmp_path / "beam.npy", part_rows=100, **TWO_THREADS)
    np.testing.assert_array_equal(np.load(tmp_path / "beam.npy"), np.load(tmp_path / "local.npy"))


def test_workers_are_two_and_the_model_is_loaded_once(toy, tmp_path, monkeypatch):
    loads, threads, load, score_part = [], set(), Job.served, Job.score

    def loading(job):
        loads.append(1)
        return load(job)

    def scoring(job, part, served, **options):
        threads.add(threading.get_ident())
        waiting.wait(timeout=30)  # until both workers have a part
        score_part(job, part, served, **options)

    waiting = threading.Barrier(2)
    monkeypatch.setattr(Job, "served", loading)
    monkeypatch.setattr(Job, "score", scoring)
    np.save(tmp_path / "x.npy", running.points(20))
    running.scored(tmp_path, toy, tmp_path / "x.npy", **SMALL_PARTS, **TWO_THREADS)
    assert (len(loads), len(threads)) == (1, 2)


def test_beam_goes_on_where_one_machine_was_stopped(toy, tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    with monkeypatch.context() as patch:
        stop_after(patch, 4, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            running.scored(tmp_path, toy, tmp_path / "x.npy", **SMALL_PARTS)
    numbers, score_part = [], Job.score

    def counting(job, part, served, **options):
        numbers.append(part.number)
        score_part(job, part, served, **options)

    monkeypatch.setattr(Job, "score", counting)
    running.scored(tmp_path, toy, tmp_path / "x.npy", **SMALL_PARTS, **TWO_THREADS)
    assert sorted(numbers) == [2, 3, 4, 5]
    scores = np.load(tmp_path / "scores.npy")["log_prob"]
    np.testing.assert_allclose(scores, running.served(toy, x=running.points(ROWS))["log_prob"], rtol=1e-5)


def test_part_whose_answer_was_lost_is_not_scored_again(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(20))
    version = Version.find(str(toy))
    parts = split_into_parts(inputs.find(str(tmp_path / "x.npy"), version.event()), 10)
    job = Job(version, version.event(), str(tmp_path), batch_size=8)
    np.save(job.path(parts[0]), "kept")
    handler = PartHandler(job)
    assert handler.batch_elements_kwargs() == {"min_batch_size": 1, "max_batch_size": 1}
    assert list(handler.run_inference(parts, job.served())) == [10, 10]
    assert np.load(job.path(parts[0])) == "kept"
    assert np.load(job.path(parts[1])).shape == (10,)


def test_bad_row_is_named_and_the_other_parts_are_kept(toy, tmp_path):
    x = running.points(ROWS)
    x[[17, 44]] = np.nan
    np.save(tmp_path / "x.npy", x)
    line = running.refused(toy, tmp_path / "x.npy", tmp_path / "scores.npy", **SMALL_PARTS, **TWO_THREADS)
    assert line.endswith(f"In row 17, counted from 0, of {str(tmp_path / 'x.npy')!r}.")
    names = {path.name for path in (tmp_path / ".scores.npy.partial").iterdir()}
    assert names == {"manifest.json", *(f"part-00000000{number}.npy" for number in (0, 2, 3, 5))}


def test_options_need_a_runner_and_reach_it(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    files, option = (tmp_path / "x.npy", tmp_path / "scores.npy"), ["--direct_running_mode=no_such_mode"]
    assert "only with a runner of Apache Beam" in running.refused(toy, *files, runner_options=option)
    with pytest.raises(SystemExit, match="2"):  # Beam's own parser
        score(toy, *files, runner="DirectRunner", runner_options=option)


@pytest.mark.slow
def test_two_processes_score_as_one_machine_does(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    score(toy, tmp_path / "x.npy", tmp_path / "local.npy", **SMALL_PARTS)
    files = (f"--model={toy}", f"--input={tmp_path / 'x.npy'}", f"--output={tmp_path / 'beam.npy'}")
    command = [sys.executable, "-m", "tfflows.scoring", *files, *(f"--{name}={n}" for name, n in SMALL_PARTS.items())]
    processes = ("--runner=DirectRunner", "--", "--direct_num_workers=2", "--direct_running_mode=multi_processing")
    run = subprocess.run([*command, *processes], cwd=running.ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    assert (tmp_path / "beam.npy").read_bytes() == (tmp_path / "local.npy").read_bytes()
