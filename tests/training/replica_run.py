"""One worker of a short run, started by the parity test: `python -m tests.training.replica_run STRATEGY OUTPUT.npz`."""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import zoo
from tfflows import datasets, training
from tfflows.training import fitting, strategies

STEPS, ROUND = 24, 4


def main(name: str, output: str) -> None:
    if name == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = strategies.create(name)
    data = datasets.load("digits")
    settings = training.TrainSettings(
        steps=STEPS,
        batch_size=64,
        validate_every=ROUND,
        warmup_steps=4,
        ema=0.9,
        steps_per_execution=2,
        learning_rate=2e-4,
        clip_norm=2.0,
    )
    keras.utils.set_random_seed(0)
    with strategies.scope(strategy):
        model = zoo.create("realnvp", event=data.event, width=8, blocks=1, l2=1e-4)
    losses, validation = [], []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (losses.append(logs["loss"]), validation.append(logs["val_loss"]))
    )
    callbacks = fitting.callbacks
    fitting.callbacks = lambda *arguments: [*callbacks(*arguments), record]
    with tempfile.TemporaryDirectory() as folder:
        training.fit(model, data, settings, seed=3, workdir=Path(folder))
    scores = training.evaluate(model, data.test)
    weights = np.concatenate([variable.numpy().ravel() for variable in model.variables])
    np.savez(output, losses=losses, validation=validation, weights=weights, test=scores["nats"])


if __name__ == "__main__":
    main(*sys.argv[1:])
