"""Keeps the statistics of the training set current during a plain `fit`."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class Statistics(keras.callbacks.Callback):
    """Computes the statistics that a density needs before each validation and at the end of epochs without one.

    Args:
        batches: The training set; see `GenerativeModel.adapt`.
        each_epoch: Whether other callbacks need them at the end of each epoch.
    """

    def __init__(self, batches: tf.data.Dataset, *, each_epoch: bool):
        super().__init__()
        self.batches = batches
        self.each_epoch = each_epoch
        self.are_current = False

    def on_epoch_begin(self, epoch, logs=None):
        self.are_current = False

    def on_test_begin(self, logs=None):
        self._adapt()

    def on_epoch_end(self, epoch, logs=None):
        if self.each_epoch and not self.are_current:
            self._adapt()

    def _adapt(self):
        self.model.adapt(self.batches)
        self.are_current = True


class FinalStatistics(keras.callbacks.Callback):
    """Computes the statistics at the end of training, where another callback may have restored the best weights.

    Args:
        batches: The training set; see `GenerativeModel.adapt`.
    """

    def __init__(self, batches: tf.data.Dataset):
        super().__init__()
        self.batches = batches

    def on_train_end(self, logs=None):
        self.model.adapt(self.batches)


def with_statistics(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None,
    batches: tf.data.Dataset,
) -> list[keras.callbacks.Callback] | keras.callbacks.CallbackList:
    """`callbacks` between `Statistics`, so that they see and save current ones, and `FinalStatistics`."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        every = with_statistics(model, callbacks.callbacks, batches)
        return keras.callbacks.CallbackList(every, model=model, **callbacks.params)
    given = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or []
    return [Statistics(batches, each_epoch=bool(given)), *given, FinalStatistics(batches)]
