"""The share of the machine's speed in matrix products that train steps reach; `python -m benchmarks.ceiling`.

The ceiling is the speed of a chain of products of 1000 x 512 by 512 x 512, in the same process. The operations of a
step are those of its matrix products and convolutions, as TensorFlow counts them in the graph: what strips leave out of
a triangular product does not count. Run it with nothing else on the machine.
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks import timing
from benchmarks.peers.ours import SIZES, Ours

MODELS = (("maf", 100), ("maf", 1000), ("realnvp", 1000), ("nsf", 500), ("glow", 16))
PRODUCTS = ("MatMul", "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "BatchMatMulV2")
CHAIN = 20


def operations(graph: tf.Graph) -> int:
    """Floating-point operations of the products of a graph."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options |= {"account_type_regexes": PRODUCTS, "output": "none"}
    return tf.compat.v1.profiler.profile(graph, cmd="op", options=options).total_float_ops


def graph_of(model: keras.Model, batch: Any) -> tf.Graph:
    """The graph of a train step."""
    return tf.function(model.train_step, autograph=False).get_concrete_function(batch).graph


def ceiling(seconds: float) -> float:
    """Operations in a second of a chain of matrix products."""
    x, kernel = tf.random.normal([1000, 512]), tf.random.normal([512, 512])

    @tf.function
    def chain():
        y = x
        for _ in range(CHAIN):
            y = y @ kernel
        return y

    return CHAIN * 2 * 1000 * 512**2 / timing.seconds_per_call(lambda: chain().numpy(), budget=seconds)[0]


def measure(name: str, batch: int, best: float, seconds: float) -> dict[str, Any]:
    """A row of results."""
    ours = Ours(*SIZES[name])
    step, stream = ours.train_function(batch)
    number = operations(graph_of(ours.model, next(stream)))
    time = timing.seconds_per_call(lambda: float(step(stream)["loss"]), budget=seconds)[0]
    return {
        **{"model": name, "batch": batch, "gigaflop": round(number / 1e9, 2), "step_ms": round(1e3 * time, 2)},
        **{"ceiling_gigaflop_per_s": round(best / 1e9, 1), "share": round(number / time / best, 2)},
    }


def main() -> None:
    """Measures the ceiling and each model, and appends a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measurement")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "ceiling.csv")
    given = parser.parse_args()
    best = ceiling(given.seconds)
    for name, batch in MODELS:
        row = measure(name, batch, best, given.seconds)
        print(row, flush=True)
        timing.append(given.output, [row])


if __name__ == "__main__":
    main()
