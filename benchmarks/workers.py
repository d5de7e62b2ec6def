"""Events per second of two workers with a core each, beside one worker with one core: `python -m benchmarks.workers`.

Each worker is a process on a core of its own that trains MAF with the same batch size; two of them train under
MultiWorkerMirroredStrategy. They share the memory of one machine, and nothing else should run on it; Linux only.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import timing


def measure(batch: int, steps: int) -> float:
    """Events per second of this worker, in this process."""
    import tensorflow as tf

    import zoo
    from tfflows.events import Event
    from tfflows.training import TrainSettings, strategies
    from tfflows.training.fitting import compile_model

    strategy = strategies.create("multi_worker" if "TF_CONFIG" in os.environ else "none")
    with strategies.scope(strategy):
        model = zoo.create("maf", Event((43,)), flows=5, width=512, depth=2, batch_norm=False)
    x = tf.constant(np.random.default_rng(0).normal(size=(batch, 43)), tf.float32)
    model.initialize(x)
    compile_model(model, TrainSettings(batch_size=batch * strategy.num_replicas_in_sync), 10_000, 10_000)
    dataset = tf.data.Dataset.from_tensors({"x": x}).repeat()
    stream = iter(strategy.distribute_datasets_from_function(lambda _: dataset))
    step = model.make_train_function()
    for _ in range(5):
        float(step(stream)["loss"])
    start = time.perf_counter()
    for _ in range(steps):
        float(step(stream)["loss"])
    return batch * steps / (time.perf_counter() - start)


def run(workers: int, batch: int, steps: int) -> float:
    """Events per second of all workers."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in (first, second)]
    processes = []
    for index in range(workers):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment |= {"TF_CONFIG": json.dumps(task)} if workers > 1 else {}
        command = ["taskset", "-c", str(index), sys.executable, "-m", "benchmarks.workers", "--measure"]
        arguments = [f"--batch={batch}", f"--steps={steps}"]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "env": environment}
        processes.append(subprocess.Popen([*command, *arguments], **settings))
    return sum(float(process.communicate()[0].splitlines()[-1]) for process in processes)


def main() -> None:
    """Measures one worker and two, in turns, and appends a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=1000, help="of each worker")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "workers.csv")
    given = parser.parse_args()
    if given.measure:
        print(measure(given.batch, given.steps))
        return
    rates = [[run(workers, given.batch, given.steps) for workers in (1, 2)] for _ in range(given.rounds)]
    one, two = np.median(rates, axis=0)
    ratios = [after / before for before, after in rates]
    row = {"model": "maf", "batch_of_a_worker": given.batch, "one_worker": round(one), "two_workers": round(two)}
    row |= {"ratio": round(float(np.median(ratios)), 2), "least": round(min(ratios), 2), "most": round(max(ratios), 2)}
    print(row)
    timing.append(given.output, [row])


if __name__ == "__main__":
    main()
