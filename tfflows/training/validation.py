"""After each round of training: score the validation set, keep the best weights, stop when it no longer improves."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from absl import logging

from tfflows import metrics
from tfflows.datasets import Data
from tfflows.files import atomic_write
from tfflows.targets import Target
from tfflows.training.checkpoints import RunState
from tfflows.training.evaluation import mean_and_error, nats_and_weights_of
from tfflows.training.pipeline import one_pass
from tfflows.training.rows import first_not_finite

BATCH = 1024  # in the pass over the training set, for models that need its statistics


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Inside the block, the model has the moving average of its weights; afterwards its own weights again."""
    if not model.optimizer.use_ema:
        yield
        return
    own = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, own, strict=True):
            variable.assign(value)


class Validation(keras.callbacks.Callback):
    """Scores the whole validation set with averaged weights, and saves them if the score is the best so far.

    Adds `val_loss` (nats) and, for discrete events, `val_bits_per_dim` to the logs.

    Args:
        data: Data or target whose validation set is scored; if a model needs statistics, its training set gives them.
        state: State of the run, which includes the best score.
        path: File of the best weights.
        patience: Number of validations without a better score before training stops; None never stops early.
        batch_size: Number of examples of the validation set that are scored at a time.
    """

    def __init__(self, data: Data | Target, state: RunState, path: Path, *, patience: int | None, batch_size: int):
        super().__init__()
        self.data = data
        self.state = state
        self.path = path
        self.patience = patience
        self.batch_size = batch_size

    def on_epoch_end(self, epoch, logs=None):
        with averaged_weights(self.model):
            self.model.adapt(one_pass(self.data.train, batch_size=BATCH))
            scores = nats_and_weights_of(self.model, self.data.validation, batch_size=self.batch_size)
            nats = self._mean(*scores)
            if nats > self.state.best_nats.numpy():
                self._keep(nats)
            else:
                self.state.validations_since_best.assign_add(1)
        logs["val_loss"] = metrics.nll(nats)
        if self.model.event.discrete:
            logs["val_bits_per_dim"] = metrics.bits_per_dim(nats, self.model.event)
        if self.patience is not None and self.state.validations_since_best.numpy() >= self.patience:
            self.model.stop_training = True

    def _mean(self, nats, weights):
        if not np.isfinite(nats).all():
            logging.warning("Expected finite log-likelihoods of the validation set: %s.", first_not_finite(nats))
        return mean_and_error(nats, weights)[0]

    def _keep(self, nats):
        self.state.best_nats.assign(nats)
        self.state.validations_since_best.assign(0)
        if self.state.writes:
            with atomic_write(self.path) as beside:
                self.model.save_weights(beside)
