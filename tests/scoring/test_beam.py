"""Apache Beam gives what one machine gives, bit for bit."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.scoring import running
from tests.scoring.test_formats import OF_REAL_NUMBERS
from tests.scoring.test_resume import stop_after
from tfflows.scoring import sources
from tfflows.scoring.beam import PartHandler
from tfflows.scoring.job import Job
from tfflows.scoring.parts import cut
from tfflows.scoring.served import Version

ROWS = 53
SMALL_PARTS = ("--part_rows=10", "--batch_size=8")
TWO_THREADS = ("--runner=DirectRunner", "--", "--direct_num_workers=2", "--direct_running_mode=multi_threading")


def flags(model, folder, file, output):
    return (f"--model={model}", f"--input={folder / file}", f"--output={folder / output}", *SMALL_PARTS)


@pytest.mark.parametrize("name", ["npy", "csv", "parquet lists", "tfrecord"])
def test_two_workers_score_as_one_machine_does(name, toy, tmp_path):
    file, write = OF_REAL_NUMBERS[name]
    write(tmp_path / file, running.points(ROWS))
    running.main(*flags(toy, tmp_path, file, "local.parquet"))
    said = running.main(*flags(toy, tmp_path, file, "beam.parquet"), *TWO_THREADS)
    assert (tmp_path / "beam.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    assert f"Rows      {ROWS} of" in said


def test_dataset_and_labels_score_as_on_one_machine(labelled, tmp_path):
    where = (f"--model={labelled}", "--input=digits", "--part_rows=100")
    running.main(*where, f"--output={tmp_path / 'local.npy'}")
    running.main(*where, f"--output={tmp_path / 'beam.npy'}", *TWO_THREADS)
    np.testing.assert_array_equal(np.load(tmp_path / "beam.npy"), np.load(tmp_path / "local.npy"))


def test_workers_are_two_and_the_model_is_loaded_once(toy, tmp_path, monkeypatch):
    loads, threads, load, score = [], set(), Job.served, Job.score

    def loading(job):
        loads.append(1)
        return load(job)

    def scoring(job, part, served, **options):
        threads.add(threading.get_ident())
        waiting.wait(timeout=30)  # until both workers have a part
        score(job, part, served, **options)

    waiting = threading.Barrier(2)
    monkeypatch.setattr(Job, "served", loading)
    monkeypatch.setattr(Job, "score", scoring)
    np.save(tmp_path / "x.npy", running.points(20))
    running.main(*flags(toy, tmp_path, "x.npy", "scores.npy"), *TWO_THREADS)
    assert (len(loads), len(threads)) == (1, 2)


def test_beam_goes_on_where_one_machine_was_stopped(toy, tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    with monkeypatch.context() as patch:
        stop_after(patch, 4, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            running.main(*flags(toy, tmp_path, "x.npy", "scores.npy"))
    numbers, score = [], Job.score

    def counting(job, part, served, **options):
        numbers.append(part.number)
        score(job, part, served, **options)

    monkeypatch.setattr(Job, "score", counting)
    running.main(*flags(toy, tmp_path, "x.npy", "scores.npy"), *TWO_THREADS)
    assert sorted(numbers) == [2, 3, 4, 5]
    scores = np.load(tmp_path / "scores.npy")["log_prob"]
    np.testing.assert_allclose(scores, running.served(toy, x=running.points(ROWS))["log_prob"], rtol=1e-5)


def test_part_whose_answer_was_lost_is_not_scored_again(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(20))
    version = Version.find(str(toy))
    parts = cut(sources.find(str(tmp_path / "x.npy"), version.event()), 10)
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
    line = running.refused(*flags(toy, tmp_path, "x.npy", "scores.npy"), *TWO_THREADS)
    assert line.endswith(f"In row 17, counted from 0, of {str(tmp_path / 'x.npy')!r}.")
    names = {path.name for path in (tmp_path / ".scores.npy.partial").iterdir()}
    assert names == {"manifest.json", *(f"part-00000000{number}.npy" for number in (0, 2, 3, 5))}


def test_options_need_a_runner_and_reach_it(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    line = running.refused(*flags(toy, tmp_path, "x.npy", "scores.npy"), "--", "--direct_num_workers=2")
    assert "options of Apache Beam follow after -- with a --runner" in line
    options = ("--runner=DirectRunner", "--", "--direct_running_mode=no_such_mode")
    with pytest.raises(SystemExit, match="2"):  # of Beam's own parser
        running.main(*flags(toy, tmp_path, "x.npy", "scores.npy"), *options)


def test_scoring_needs_no_beam():
    blocked = "import sys; sys.modules['apache_beam'] = None; import tfflows.score, tfflows.scoring; print('fine')"
    run = subprocess.run([sys.executable, "-c", blocked], cwd=running.ROOT, capture_output=True, text=True, check=False)
    assert run.stdout == "fine\n", run.stderr[-2000:]


@pytest.mark.slow
def test_two_processes_score_as_one_machine_does(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(ROWS))
    running.main(*flags(toy, tmp_path, "x.npy", "local.npy"))
    command = [sys.executable, "-m", "tfflows.score", *flags(toy, tmp_path, "x.npy", "beam.npy")]
    processes = ("--runner=DirectRunner", "--", "--direct_num_workers=2", "--direct_running_mode=multi_processing")
    run = subprocess.run([*command, *processes], cwd=running.ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    assert (tmp_path / "beam.npy").read_bytes() == (tmp_path / "local.npy").read_bytes()
