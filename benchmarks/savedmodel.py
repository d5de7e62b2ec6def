"""The cost of a SavedModel, compared with the function it was made from: `log_prob` of a pretrained model, in-process.

`function` is the model's score, compiled for batches of any size. `served` is the SavedModel as a server runs it, and
`signature` as Python code calls the result of `tf.saved_model.load`, which visits each of its variables in every call.
Both check their inputs, and return bits/dim as well.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

import zoo
from benchmarks import timing
from tfflows import noise
from tfflows.servable import LOG_PROB_SEED
from tools.emulator.repository import LoadedVersion
from zoo.pretrained import exported_version

BATCH_SIZES = (1, 64, 256)


def calls(name: str, batch_size: int) -> dict[str, Callable[[], Any]]:
    """The calls to compare, each of which scores the same events."""
    model, folder = zoo.load(name), exported_version(name)
    loaded, version = tf.saved_model.load(str(folder)), LoadedVersion(folder, int(folder.name), None)
    x, seed = model.sample(batch_size, seed=0), noise.seed_pair(LOG_PROB_SEED)
    spec = tf.TensorSpec([None, *model.event.shape], model.event.dtype)
    function = tf.function(lambda x: model.log_prob_fn(x, None, seed)).get_concrete_function(spec)
    events = {"x": x.numpy()}

    def by_signature():
        return loaded.signatures["log_prob"](x=x)["log_prob"].numpy()

    return {
        "function": lambda: function(x).numpy(),
        "served": lambda: version.predict("log_prob", events)["log_prob"],
        "signature": by_signature,
    }


def in_random_order(calls: dict[str, Callable[[], Any]], seconds: float) -> dict[str, list[float]]:
    """Times of each call, in rounds of random order: in a fixed order, the same call given twice differs by 5%."""
    order, times = random.Random(0), {name: [] for name in calls}
    for call in calls.values():
        call(), call(), call()
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for name in order.sample(list(calls), len(calls)):
            before = time.perf_counter()
            calls[name]()
            times[name].append(time.perf_counter() - before)
    return times


def measure(name: str, seconds: float) -> list[dict[str, Any]]:
    """A row for each call and batch size: the median, and the speed relative to that of the function."""
    rows = []
    for batch_size in BATCH_SIZES:
        times = in_random_order(calls(name, batch_size), seconds)
        medians = {call: 1000 * statistics.median(found) for call, found in times.items()}
        for call, ms in medians.items():
            row = {"model": name, "call": call, "batch_size": batch_size, "calls": len(times[call])}
            rows.append({**row, "ms": round(ms, 3), "relative_speed": round(medians["function"] / ms, 3)})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measures the model asked for, and appends a row for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="realnvp_digits")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each batch size")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "savedmodel.csv")
    arguments = parser.parse_args()
    timing.append(arguments.output, measure(arguments.model, arguments.seconds))


if __name__ == "__main__":
    main()
