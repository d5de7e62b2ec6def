"""Memory does not grow with the number of rows: batches are read when they are needed, and then freed."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from tests.scoring import running
from tests.scoring.test_formats import OF_REAL_NUMBERS
from tfflows.events import Event
from tfflows.scoring import inputs, output
from tfflows.scoring.job import Job
from tfflows.scoring.parts import split_into_parts, total
from tfflows.scoring.served import Version
from tfflows.scoring.summary import Summary

EVENT, WIDE = Event((2,)), Event((400,))


def read(path):
    """Reads all rows of a file in batches, and returns their number."""
    parts = split_into_parts(inputs.find(str(path), WIDE), 250)
    job = Job(Version(""), WIDE, "", batch_size=50)
    return sum(len(inputs["x"]) for part in parts for inputs in job.inputs(part))


def peak_bytes(path):
    """The peak memory of Python and NumPy while they read."""
    tracemalloc.start()
    try:
        return read(path), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["npy", "csv", "tfrecord raw"])
def test_reading_does_not_hold_the_file(name, tmp_path):
    file, write = OF_REAL_NUMBERS[name]
    peaks = []
    for rows in (1_000, 5_000):
        write(tmp_path / file, np.random.default_rng(0).normal(size=(rows, 400)).astype(np.float32))
        read(tmp_path / file)  # excludes what is allocated only once
        count, peak = peak_bytes(tmp_path / file)
        assert count == rows
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 0.2 * 4_000 * 400 * 4


def test_array_is_read_by_batches(tmp_path):
    np.save(tmp_path / "x.npy", running.points(10))
    (part,) = split_into_parts(inputs.find(str(tmp_path / "x.npy"), EVENT), 1000)
    chunks = part.source.chunks(part.span, 4)
    assert [len(next(chunks)) for _ in range(3)] == [4, 4, 2]


def test_table_is_written_part_by_part(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", running.points(30))
    parts = split_into_parts(inputs.find(str(tmp_path / "x.npy"), EVENT), 10)
    job = Job(Version(""), EVENT, str(tmp_path), batch_size=10)
    for part in parts:
        np.save(job.path(part), np.full(10, part.number, np.float32))
    held = []

    def watch(file, tables, empty, rows):
        for one, part in zip(tables, parts, strict=True):
            held.append((one["log_prob"][0], len(one["log_prob"])))
            assert summary.rows == 10 * (part.number + 1)

    monkeypatch.setitem(output.WRITERS, ".npy", watch)
    summary = Summary()
    output.write(str(tmp_path / "scores.npy"), job, parts, None, summary, pa.schema([]))
    assert held == [(0, 10), (1, 10), (2, 10)]
    assert total(parts) == 30


# The peak memory since the program was loaded, after each input; that of `getrusage` includes the process it was forked
# from.
PEAKS = """
import re, sys
from tfflows.scoring import score
model, output, *inputs = sys.argv[1:]
for input in inputs:
    score(model, input, output, batch_size=2000, part_rows=20000)
    print(1024 * int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]), file=sys.stderr)
"""


@pytest.mark.slow
def test_a_process_grows_by_less_than_its_input(toy, tmp_path):
    inputs = [tmp_path / "few.npy", tmp_path / "many.npy"]
    for path, rows in zip(inputs, (200_000, 4_000_000), strict=True):
        np.save(path, running.points(rows))
    command = [sys.executable, "-c", PEAKS, toy, tmp_path / "scores.npy", *inputs]
    run = subprocess.run(command, cwd=running.ROOT, capture_output=True, text=True, check=True)
    few, many = (int(line) for line in run.stderr.splitlines() if line.isdigit())
    assert many - few < 12e6 < inputs[1].stat().st_size / 2, (few, many)


@pytest.mark.parametrize("ending", output.WRITERS)
def test_writing_does_not_hold_the_table(ending, tmp_path):
    rows, peaks, before = 20_000, [], pa.total_allocated_bytes()

    def tables(parts):
        for _ in range(parts):
            held.append(pa.total_allocated_bytes() - before)
            yield {"log_prob": np.full(rows, -1.5, np.float32)}

    for parts in (10, 100):
        held = []
        tracemalloc.start()
        try:
            with (tmp_path / f"scores{ending}").open("wb") as file:
                output.WRITERS[ending](file, tables(parts), {"log_prob": np.zeros(0, np.float32)}, parts * rows)
            peaks.append(max(held) + tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] - peaks[0] < 0.2 * 90 * rows * 4, peaks
