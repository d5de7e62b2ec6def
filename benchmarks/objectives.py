"""Flow matching and maximum likelihood on the same velocity network, by time; `python -m benchmarks.objectives`.

Each objective trains FFJORD, one velocity field of 3 layers of 64 units, on toys of known density, with batches of 512
and Adam at 2e-3. After each number of seconds, the solver computes the log-likelihood of 5,000 test points; its time,
and the time to trace and compile, do not count.
"""

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

import zoo
from benchmarks import timing
from tfflows import datasets
from tfflows.training import TrainSettings, make_objective
from tfflows.training.fitting import compile_model
from tfflows.training.pipeline import training_stream
from tools import marks

RESULTS = Path(__file__).parent / "results" / "objectives.csv"
DOCUMENT = Path(__file__).parents[1] / "docs" / "training.md"
TOYS = ("eight_gaussians", "checkerboard", "rings")
OBJECTIVES = {
    "maximum likelihood": {},
    "flow matching": {"objective": "flow_matching"},
    "flow matching, optimal transport": {"objective": "flow_matching", "optimal_transport": True},
}
SECONDS = (5, 20, 120)
STEPS = 10  # of one execution


def measure(toy: str, name: str, seconds: tuple[int, ...]) -> list[dict[str, Any]]:
    """A row for each number of seconds."""
    data = datasets.load(f"toy/{toy}")
    model = zoo.create("ffjord", data.event, width=64, depth=3)
    settings = TrainSettings(
        batch_size=512, learning_rate=2e-3, warmup_steps=0, ema=0.0, steps_per_execution=STEPS, **OBJECTIVES[name]
    )
    objective = make_objective(model, data, settings)
    compile_model(objective, settings, STEPS, STEPS)
    stream = iter(training_stream(data.train, batch_size=512, seed=0))
    objective.initialize(**next(stream), seed=0)
    test = data.test.arrays(5000)["x"]
    truth, step = float(np.mean(data.truth.log_prob(test))), objective.make_train_function()
    step(stream), model.log_prob(test)
    rows, spent, steps = [], 0.0, 0
    for end in seconds:
        while spent < end:
            start = time.perf_counter()
            float(step(stream)["loss"])
            spent, steps = spent + time.perf_counter() - start, steps + STEPS
        nats = float(np.mean(model.log_prob(test)))
        known = {"toy": toy, "objective": name, "seconds": end, "steps": steps}
        rows.append({**known, "nats": round(nats, 4), "truth_nats": round(truth, 4)})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The newest rows as a table in Markdown: how far the log-likelihood is below that of the true density, after the
    times that all have.
    """
    newest = {(row["toy"], row["objective"], int(row["seconds"])): row for row in rows}
    pairs = list(dict.fromkeys((toy, objective) for toy, objective, _ in newest))
    ends = [end for end in sorted({end for *_, end in newest}) if all((*pair, end) in newest for pair in pairs)]
    lines = ["| toy | objective | " + " | ".join(f"{end} s" for end in ends) + " | steps per s |"]
    lines.append("|---" * (len(ends) + 3) + "|")
    for toy, objective in pairs:
        each = [newest[toy, objective, end] for end in ends]
        gaps = [f"{float(row['nats']) - float(row['truth_nats']):.3f}" for row in each]
        speed = int(each[-1]["steps"]) / ends[-1]
        lines.append(f"| {toy} | {objective} | {' | '.join(gaps)} | {speed:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures each objective on each toy, appends a row for each, and renews the table of the documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--toys", nargs="*", choices=TOYS, default=TOYS)
    parser.add_argument("--seconds", type=int, nargs="*", default=SECONDS, help="of training, before each score")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    for toy in given.toys:
        for name in OBJECTIVES:
            rows = measure(toy, name, tuple(given.seconds))
            timing.append(given.output, rows)
            print(*rows, sep="\n", flush=True)
    with given.output.open(newline="") as file:
        marks.renew(DOCUMENT, "objectives", table(list(csv.DictReader(file))))


if __name__ == "__main__":
    main()
