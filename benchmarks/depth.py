"""Peak memory and time of a train step of Glow by its depth, kept and recomputed; `python -m benchmarks.depth`.

Each row is measured by a process of its own, with nothing else on the machine: Glow at 32 x 32 x 3 with three scales of
K steps, 128 feature maps and batches of 16. The memory is that above the memory after the imports.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import timing
from benchmarks.peers.worker import peak_memory
from tfflows.training.settings import MEMORY
from tools import marks

RESULTS = Path(__file__).parent / "results" / "depth.csv"
DOCUMENT = Path(__file__).parents[1] / "docs" / "training.md"
STEPS = (8, 16, 32, 64)
BATCH_SIZE = 16


def measure(steps: int, memory: str, calls: int) -> dict[str, Any]:
    """A row of results, measured in this process."""
    import tensorflow as tf

    import zoo
    from tfflows.events import Event
    from tfflows.training import TrainSettings
    from tfflows.training.fitting import compile_model
    from tfflows.training.objective import training_as_set

    imported = peak_memory()
    model = zoo.create("glow", Event((32, 32, 3), "uint8", 256), scales=3, steps=steps, width=128)
    x = np.random.default_rng(0).integers(0, 256, (BATCH_SIZE, 32, 32, 3), np.uint8)
    model.initialize(x)
    settings, times = TrainSettings(batch_size=BATCH_SIZE, memory=memory), []
    compile_model(model, settings, 1000, 1000)
    stream = iter(tf.data.Dataset.from_tensors({"x": x}).repeat())
    with training_as_set(model, settings):
        step = model.make_train_function()
        for _ in range(1 + calls):
            start = time.perf_counter()
            float(step(stream)["loss"])
            times.append(time.perf_counter() - start)
    return {
        **{"steps": steps, "memory": memory, "peak_mb": round(peak_memory() - imported)},
        **{"step_ms": round(1e3 * float(np.median(times[1:])), 1), "first_step_s": round(times[0], 1)},
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The newest rows of each depth, as a table in Markdown."""
    newest = {(int(row["steps"]), row["memory"]): row for row in rows}
    lines = ["| K | memory | peak, MB | train step, ms | first step, s |", "|---|---|---|---|---|"]
    for (steps, memory), row in sorted(newest.items()):
        lines.append(f"| {steps} | `{memory}` | {row['peak_mb']} | {row['step_ms']} | {row['first_step_s']} |")
    return "\n".join(lines)


def main() -> None:
    """Measures each depth both ways, appends a row for each, and renews the table of the documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, nargs="*", default=STEPS, help="K, the steps of flow at each scale")
    parser.add_argument("--calls", type=int, default=10, help="measured train steps")
    parser.add_argument("--measure", choices=MEMORY, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.steps[0], given.measure, given.calls)))
        return
    for steps in given.steps:
        for memory in MEMORY:
            command = [sys.executable, "-m", "benchmarks.depth", f"--steps={steps}", f"--measure={memory}"]
            run = subprocess.run([*command, f"--calls={given.calls}"], capture_output=True, text=True, check=True)
            row = json.loads(run.stdout.splitlines()[-1])
            print(row, flush=True)
            timing.append(given.output, [row])
    if given.output == RESULTS:
        with RESULTS.open(newline="") as file:
            marks.renew(DOCUMENT, "depth", f"{table(list(csv.DictReader(file)))}\n")


if __name__ == "__main__":
    main()
