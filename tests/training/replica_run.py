"""One worker of a short run, started by the parity test: `python -m tests.training.replica_run STRATEGY OUTPUT.npz`."""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import zoo
from tfflows import datasets, training
from tfflows.training import strategies

SETTINGS = training.TrainSettings(
    **{"steps": 24, "batch_size": 64, "validate_every": 4, "steps_per_execution": 2},
    **{"learning_rate": 2e-4, "warmup_steps": 4, "clip_norm": 2.0, "ema": 0.9},
)


def strategy(name: str) -> tf.distribute.Strategy:
    if name == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return strategies.create(name)


def recorded(history: dict[str, list[float]]) -> keras.callbacks.Callback:
    def record(epoch, logs):
        for name in ("loss", "val_loss"):
            history.setdefault(name, []).append(logs[name])

    return keras.callbacks.LambdaCallback(on_epoch_end=record)


def main(name: str, output: str) -> None:
    where, data, history = strategy(name), datasets.load("digits"), {}
    keras.utils.set_random_seed(0)
    with strategies.scope(where):
        model = zoo.create("realnvp", event=data.event, scales=1, width=8, blocks=1, l2=1e-4)
    with tempfile.TemporaryDirectory() as folder:
        training.fit(model, data, SETTINGS, seed=3, workdir=Path(folder), callbacks=[recorded(history)])
    scores = training.evaluate(model, data.test)
    weights = np.concatenate([variable.numpy().ravel() for variable in model.variables])
    np.savez(output, losses=history["loss"], validation=history["val_loss"], weights=weights, test=scores["nats"])


if __name__ == "__main__":
    main(*sys.argv[1:])
