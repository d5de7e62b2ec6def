"""RealNVP's train step, density and sampling, in events per second; `python -m benchmarks.realnvp` writes a CSV.

Run it with nothing else on the machine. Compare rows of one run with each other: `relative` is the speed as a multiple
of that of the train step of the same model.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import zoo
from benchmarks import timing
from tfflows.events import Event
from tfflows.models import GenerativeModel, MeanNegativeLogLikelihood

# name: event, settings, batch size
MODELS = {
    "vector-2": (Event((2,)), {}, 512),
    "vector-43": (Event((43,)), {"couplings": 10, "width": 100}, 512),
    "digits": (Event((8, 8, 1), "uint8", 17), {"blocks": 1}, 128),
    "fashion_mnist": (Event((28, 28, 1), "uint8", 256), {"blocks": 2, "patch": 2}, 64),
    "cifar10-small": (Event((32, 32, 3), "uint8", 256), {"blocks": 2, "patch": 2}, 64),
}


def calls(model: GenerativeModel, event: Event, batch_size: int) -> dict:
    """The measured calls by name."""
    random = np.random.default_rng(0)
    shape = (batch_size, *event.shape)
    x = random.integers(0, event.levels, shape) if event.discrete else random.normal(size=shape)
    x = tf.constant(x, event.dtype)
    model.initialize(x)
    model.compile(keras.optimizers.Adam(1e-4, use_ema=True), MeanNegativeLogLikelihood(), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    stream = iter(tf.data.Dataset.from_tensors({"x": x}).repeat())
    step = model.make_train_function()
    return {
        "train_step": lambda: float(step(stream)["loss"]),
        "log_prob": lambda: model.log_prob(x).numpy(),
        "sample": lambda: model.sample(batch_size, seed=0).numpy(),
    }


def measure(name: str, budget: float) -> list[dict]:
    """The rows of one model."""
    event, settings, batch_size = MODELS[name]
    model = zoo.create("realnvp", event=event, **settings)
    rows = []
    for call, function in calls(model, event, batch_size).items():
        median, spread = timing.seconds_per_call(function, budget=budget)
        rows.append({"model": name, "parameters": model.count_params(), "call": call, "batch_size": batch_size})
        rows[-1] |= {"events_per_second": round(batch_size / median, 1), "ms": round(1e3 * median, 3)}
        rows[-1] |= {"ms_iqr": round(1e3 * spread, 3), "relative": round(rows[0]["ms"] / (1e3 * median), 3)}
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measures the models asked for, and appends a row for each call."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measured call")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "realnvp.csv")
    arguments = parser.parse_args()
    for name in arguments.models:
        timing.append(arguments.output, measure(name, arguments.seconds))


if __name__ == "__main__":
    main()
