"""The benchmark beside other libraries: its worker, its checks, and its ratios."""

import io
import json

import pytest

from benchmarks.peers import __main__ as peers
from benchmarks.peers import worker
from tfflows.errors import InputError


class Sleepless(worker.Model):
    """A model whose modes take a known time, by a clock of the test."""

    weights = 10

    def __init__(self, clock):
        self.clock = clock

    def modes(self, call, batch):
        return {"slow": lambda: self.clock.wait(2.0, (batch,)), "fast": lambda: self.clock.wait(1.0, (batch,))}


class Clock:
    def __init__(self):
        self.now = 0.0

    def wait(self, seconds, result):
        self.now += seconds
        return result


def test_worker_answers_each_line_and_measures_the_fastest_mode(monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(worker.time, "perf_counter", lambda: clock.now)
    asked = {"model": "a", "call": "log_prob", "batch": 7}
    lines = [{"model": "a"}, asked, {**asked, "seconds": 5.0}]
    monkeypatch.setattr(worker.sys, "stdin", io.StringIO("\n".join(map(json.dumps, lines))))
    worker.serve({"a": lambda: Sleepless(clock)})
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers == [{"weights": 10}, {"mode": "fast", "shape": [7]}, {"times": [1.0] * 5}]


def test_worker_keeps_to_a_mode_and_tells_its_peak_memory(monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(worker.time, "perf_counter", lambda: clock.now)
    lines = [{"model": "a", "call": "log_prob", "batch": 7, "mode": "slow"}, {"memory": True}]
    monkeypatch.setattr(worker.sys, "stdin", io.StringIO("\n".join(map(json.dumps, lines))))
    monkeypatch.setattr(worker, "peak_memory", iter([410.5, 1320.0]).__next__)
    worker.serve({"a": lambda: Sleepless(clock)})
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers == [{"mode": "slow", "shape": [7]}, {"start": 410.5, "peak": 1320.0}]


class Side:
    def __init__(self, weights, shape, times):
        self.weights, self.shape, self.times = weights, shape, iter(times)

    def ask(self, call=None, seconds=None, **_):
        if call is None:
            return {"weights": self.weights}
        return {"mode": "eager", "shape": self.shape} if seconds is None else {"times": [next(self.times)]}


WORKLOAD = ("maf", "log_prob", 100, ("zuko",), 1.2)


def test_ratios_are_those_of_one_round():
    ours, theirs = Side(1000, [100], [1.0, 2.0, 4.0]), Side(1001, [100], [2.0, 2.0, 2.0])
    found = peers.compare(ours, theirs, WORKLOAD, rounds=3, seconds=1.0)
    assert (found["ratio"], found["least"], found["most"]) == (1.0, 0.5, 2.0)
    assert (found["ours_ms"], found["peer_ms"], found["peer"]) == (2000.0, 2000.0, "zuko")
    line = "| maf, log_prob [100] | 2000.0 (eager) | 2000.0 (zuko, eager) | 1.0 (0.5 to 2.0) | 1.2 |  |"
    assert line in peers.table([found])


def test_the_fastest_peer_counts():
    workload = ("maf", "sample", 9, ("zuko", "nflows"), 10)
    medians = {"ours": [1.0, 1.0], "zuko": [5.0, 6.0], "nflows": [3.0, 4.0]}
    found = peers.row(workload, medians, dict.fromkeys(medians, "eager"), {})
    assert (found["peer"], found["ratio"]) == ("nflows", 3.5)


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (Side(900, [100], []), "same number of weights.*ours=1000, zuko=900"),
        (Side(1000, [100, 1], []), "results of the same shape"),
    ],
)
def test_what_differs_is_not_compared(theirs, message):
    with pytest.raises(InputError, match=message):
        peers.compare(Side(1000, [100], []), theirs, WORKLOAD, rounds=1, seconds=1.0)
