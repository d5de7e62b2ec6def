"""Speed of the zoo beside zuko, nflows and normflows: `make bench-peers` writes a CSV and the table of the benchmarks.

Each side is a process in its own environment, with the same number of threads. First the sizes are compared: the shapes
of the results, and the numbers of weights, within 1 %. Then both sides are measured in turns, several rounds of each
call; a ratio is that of the medians of one round. The fastest mode of each side counts: eager or compiled for a peer,
with XLA or without it for ours. Run it with nothing else on the machine.
"""

import argparse
import csv
import itertools
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import timing
from tfflows.errors import check
from tools import marks

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "peers.csv"
DOCUMENT = ROOT / "benchmarks" / "README.md"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# Model, call, batch size, the peers, and how many times as fast as the fastest of them the call should be.
WORKLOADS = [
    ("maf", "train_step", 100, ("zuko", "nflows"), 1.3),
    ("maf", "train_step", 1000, ("zuko", "nflows"), 1.3),
    ("maf", "log_prob", 1, ("zuko", "nflows"), 1.0),
    ("maf", "log_prob", 100, ("zuko", "nflows"), 1.2),
    ("maf", "log_prob", 1000, ("zuko", "nflows"), 1.2),
    ("maf", "sample", 100, ("zuko", "nflows"), 10),
    ("maf_wide", "sample", 100, ("zuko",), 50),
    ("iaf", "log_prob", 1000, ("nflows",), 10),
    ("iaf", "train_step", 1000, ("nflows",), 10),
    ("realnvp", "train_step", 1000, ("zuko", "normflows"), 1.2),
    ("realnvp", "log_prob", 1, ("zuko", "normflows"), 1.0),
    ("realnvp", "log_prob", 100, ("zuko", "normflows"), 1.2),
    ("realnvp", "log_prob", 1000, ("zuko", "normflows"), 1.2),
    ("realnvp", "sample", 1000, ("zuko", "normflows"), 1.2),
    ("nsf", "train_step", 500, ("nflows",), 1.5),
    ("nsf", "sample", 500, ("nflows",), 1.5),
    ("glow", "train_step", 16, ("normflows",), 1.4),
    ("naf", "sample", 256, ("zuko",), 2),
]
MEMORY = ("glow",)  # whose peak memory is compared, too


class Side:
    """A worker process.

    Args:
        python: Interpreter of its environment.
        module: Module of the worker.
        threads: Number of threads.
    """

    def __init__(self, python: str, module: str, threads: int):
        self.settings = python, module, threads
        environment = {**os.environ, **dict.fromkeys(THREADS, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.process = subprocess.Popen(
            [python, "-m", module],
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL},
            **{"cwd": ROOT, "env": environment, "text": True},
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer of the worker.

        Raises:
            InputError: The worker ended.
        """
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        check(bool(answer), "Expected the worker to answer: run it by hand to see why.", worker=self.process.args[-1])
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def compare(ours: Side, theirs: Side, workload: tuple, rounds: int, seconds: float) -> dict[str, Any]:
    """The row of a workload."""
    model, call, batch, peers, _ = workload
    sides = {"ours": (ours, model), **{peer: (theirs, f"{model} {peer}") for peer in peers}}
    weights = {name: side.ask(model=key)["weights"] for name, (side, key) in sides.items()}
    ready = {name: side.ask(model=key, call=call, batch=batch) for name, (side, key) in sides.items()}
    same = all(abs(weights[peer] / weights["ours"] - 1) < 0.01 for peer in peers)
    check(same, "Expected the same number of weights, within 1 %.", **weights)
    shapes = {tuple(one["shape"]) for one in ready.values()}
    check(len(shapes) == 1, "Expected results of the same shape.", shapes=shapes)
    medians: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (side, key) in sides.items():
            times = side.ask(model=key, call=call, batch=batch, seconds=seconds)["times"]
            medians[name].append(statistics.median(times))
    modes = {name: one["mode"] for name, one in ready.items()}
    peaks = memory(sides, workload, modes) if model in MEMORY else {}
    return row(workload, medians, modes, peaks) | {"weights": weights["ours"]}


def memory(sides: dict[str, tuple[Side, str]], workload: tuple, modes: dict[str, str]) -> dict[str, float]:
    """Peak memory of processes that have run nothing else, above what they had after their imports, in MB."""
    found = {}
    for name, (side, key) in sides.items():
        with Side(*side.settings) as fresh:
            fresh.ask(model=key, call=workload[1], batch=workload[2], mode=modes[name])
            fresh.ask(model=key, call=workload[1], batch=workload[2], seconds=1.0)
            answer = fresh.ask(memory=True)
            found[name] = round(answer["peak"] - answer["start"])
    return found


def row(
    workload: tuple, medians: dict[str, list[float]], modes: dict[str, str], peaks: dict[str, float]
) -> dict[str, Any]:
    """Medians in ms, the ratio to the fastest peer, with its range over the rounds, and peak memory in MB."""
    model, call, batch, peers, target = workload
    best = min(peers, key=lambda peer: statistics.median(medians[peer]))
    ratios = [peer / ours for peer, ours in zip(medians[best], medians["ours"], strict=True)]
    return {
        **{"model": model, "call": call, "batch": batch, "ours_ms": _ms(medians["ours"]), "our_mode": modes["ours"]},
        **{"peer": best, "peer_ms": _ms(medians[best]), "peer_mode": modes[best]},
        **{"ratio": round(statistics.median(ratios), 2), "least": round(min(ratios), 2), "most": round(max(ratios), 2)},
        **{"target": target, "rounds": len(ratios), "ours_mb": peaks.get("ours", ""), "peer_mb": peaks.get(best, "")},
    }


def _ms(times: list[float]) -> float:
    return round(1e3 * statistics.median(times), 3)


def table(rows: list[dict[str, Any]]) -> str:
    """The newest row of each workload, as a table in Markdown."""
    newest = {(each["model"], each["call"], str(each["batch"])): each for each in rows}
    lines = [
        "| model, call [batch] | ours, ms | fastest peer, ms | times as fast (range) | goal | peak MB, ours / peer |",
        "|---|---|---|---|---|---|",
    ]
    for each in newest.values():
        peer = f"{each['peer_ms']} ({each['peer']}, {each['peer_mode']})"
        ratio = f"{each['ratio']} ({each['least']} to {each['most']})"
        name = f"{each['model']}, {each['call']} [{each['batch']}]"
        peaks = f"{each['ours_mb']} / {each['peer_mb']}" if each["ours_mb"] else ""
        lines.append(
            f"| {name} | {each['ours_ms']} ({each['our_mode']}) | {peer} | {ratio} | {each['target']} | {peaks} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures the workloads, and appends a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="build/peers/bin/python", help="interpreter of the peers' environment")
    parser.add_argument("--models", nargs="+", default=[], help="only these models")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each side in each round")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    chosen = [workload for workload in WORKLOADS if not given.models or workload[0] in given.models]
    for _, workloads in itertools.groupby(chosen, key=lambda workload: workload[0]):
        # New processes for each model: in a process that has run others, a train step of Glow takes a third longer.
        with (
            Side(sys.executable, "benchmarks.peers.ours", given.threads) as ours,
            Side(given.python, "benchmarks.peers.theirs", given.threads) as theirs,
        ):
            for workload in workloads:
                found = compare(ours, theirs, workload, given.rounds, given.seconds) | {"threads": given.threads}
                print(found, flush=True)
                timing.append(given.output, [found])
    if given.output == RESULTS:
        with RESULTS.open(newline="") as file:
            marks.renew(DOCUMENT, "peers", f"{table(list(csv.DictReader(file)))}\n")


if __name__ == "__main__":
    main()
