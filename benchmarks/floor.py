"""The time of a density beside that of its bare matrix products, `python -m benchmarks.floor`.

The bare products are those of the networks of a model, with their biases and activations, in one function that XLA
compiles: what TensorFlow takes at least for a density of this size. Run it with nothing else on the machine.
"""

import argparse
from pathlib import Path
from typing import Any

import tensorflow as tf

from benchmarks import timing
from benchmarks.peers.ours import SIZES, Ours

MODELS = ("maf", "realnvp")
BATCHES = (1, 100, 1000)


def networks(model: Ours) -> list[list[tuple[tf.Variable, tf.Variable]]]:
    """The kernels and biases of each network, in order."""
    weights = [tf.Variable(weight) for weight in model.model.trainable_variables if len(weight.shape) == 2]
    inputs = weights[0].shape[0]
    found = []
    for kernel in weights:
        if kernel.shape[0] == inputs:
            found.append([])
        found[-1].append((kernel, tf.Variable(tf.zeros(kernel.shape[1]))))
    return found


def bare(parts: list[list[tuple[tf.Variable, tf.Variable]]], x: tf.Tensor) -> tf.Tensor:
    """The sum of the outputs of each network, each of which reads what the one before has moved."""
    total = tf.zeros_like(x[:, 0])
    for layers in parts:
        hidden = x
        for kernel, bias in layers[:-1]:
            hidden = tf.nn.relu(hidden @ kernel + bias)
        outputs = hidden @ layers[-1][0] + layers[-1][1]
        total, x = total + tf.reduce_sum(outputs, 1), x + outputs[:, : x.shape[1]]
    return total


def measure(name: str, batch: int, seconds: float) -> dict[str, Any]:
    """A row of results."""
    model = Ours(*SIZES[name])
    parts, rows = networks(model), model.rows(batch)
    x = tf.random.normal([batch, parts[0][0][0].shape[0]])
    products = tf.function(lambda x: bare(parts, x), jit_compile=True)
    density = tf.function(model.model.log_prob, jit_compile=True)
    calls = {
        "products_ms": lambda: products(x).numpy(),
        "xla_ms": lambda: density(rows).numpy(),
        "graph_ms": lambda: model.model.log_prob(rows).numpy(),
    }
    times = {key: timing.seconds_per_call(call, budget=seconds)[0] for key, call in calls.items()}
    return {"model": name, "batch": batch, **{key: round(1e3 * time, 3) for key, time in times.items()}}


def main() -> None:
    """Measures each model and batch, and appends a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "floor.csv")
    given = parser.parse_args()
    for name in MODELS:
        for batch in BATCHES:
            row = measure(name, batch, given.seconds)
            print(row, flush=True)
            timing.append(given.output, [row])


if __name__ == "__main__":
    main()
