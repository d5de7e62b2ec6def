"""The models of the zoo, with the sizes of their peers: the worker of this side."""

from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np
import tensorflow as tf

import zoo
from benchmarks.peers.worker import Model, serve
from tfflows.events import Event
from tfflows.training import optimizers

# Architecture, shape of an event, settings.
SIZES = {
    "maf": ("maf", (43,), {"flows": 5, "width": 512, "depth": 2, "batch_norm": False}),
    "maf_wide": ("maf", (784,), {"flows": 2, "width": 1024, "depth": 2, "batch_norm": False}),
    "iaf": ("iaf", (43,), {"flows": 5, "width": 512, "depth": 2}),
    "realnvp": ("realnvp", (64,), {"couplings": 10, "width": 256, "depth": 2}),
    "nsf": ("nsf", (43,), {"steps": 5, "width": 256, "bins": 8}),
    "glow": ("glow", (32, 32, 3), {"scales": 3, "steps": 8, "width": 128}),
    "naf": ("naf", (8,), {"flows": 3, "kind": "dsf", "units": 16, "layers": 1, "width": 110, "depth": 2}),
}


class Ours(Model):
    """A model of the zoo, initialized, with Adam."""

    def __init__(self, architecture: str, shape: tuple[int, ...], settings: dict):
        keras.utils.set_random_seed(0)
        self.model = zoo.create(architecture, Event(shape), **settings)
        self.model.initialize(self.rows(16 if len(shape) == 3 else 1000))

    def rows(self, batch: int) -> tf.Tensor:
        """Random events."""
        return tf.constant(np.random.default_rng(0).normal(size=(batch, *self.model.event.shape)), tf.float32)

    @property
    def weights(self):
        return sum(int(np.prod(weight.shape)) for weight in self.model.trainable_variables)

    def modes(self, call, batch):
        return {"train_step": self._train_step, "log_prob": self._log_prob, "sample": self._sample}[call](batch)

    def _train_step(self, batch):
        modes = {"graph": False, "xla": True}
        return {mode: self._step(*self.train_function(batch, jit_compile=jit)) for mode, jit in modes.items()}

    def _step(self, step, stream):
        return lambda: np.shape(float(step(stream)["loss"]))

    def train_function(self, batch: int, *, jit_compile: bool = False) -> tuple[Callable, Iterator]:
        """The compiled train step, and the batches that it takes."""
        self.model.compile(optimizers.Adam(), jit_compile=jit_compile)
        self.model.optimizer.build(self.model.trainable_variables)
        stream = iter(tf.data.Dataset.from_tensors({"x": self.rows(batch)}).repeat())
        return self.model.make_train_function(force=True), stream

    def _log_prob(self, batch):
        x = self.rows(batch)
        compiled = tf.function(self.model.log_prob, jit_compile=True)
        functions = {"graph": self.model.log_prob, "xla": compiled}
        return {mode: (lambda one=one: one(x).numpy().shape) for mode, one in functions.items()}

    def _sample(self, batch):
        compiled = tf.function(lambda seed: self.model.sample(batch, seed=seed), jit_compile=True)
        functions = {"graph": lambda seed: self.model.sample(batch, seed=seed), "xla": compiled}
        seed = tf.constant([0, 1])
        return {mode: (lambda one=one: one(seed).numpy().shape) for mode, one in functions.items()}


if __name__ == "__main__":
    serve({name: partial(Ours, *size) for name, size in SIZES.items()})
