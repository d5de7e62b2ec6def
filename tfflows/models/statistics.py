"""Keeps the statistics of the training set current during a plain `fit`."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class Statistics(keras.callbacks.Callback):
    """Computes the statistics that a density needs before each validation and at the end of training.

    Args:
        batches: The training set; see `GenerativeModel.adapt`.
    """

    def __init__(self, batches: tf.data.Dataset):
        super().__init__()
        self.batches = batches

    def on_test_begin(self, logs=None):
        self.model.adapt(self.batches)

    def on_train_end(self, logs=None):
        self.model.adapt(self.batches)


def with_statistics(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None,
    batches: tf.data.Dataset,
) -> list[keras.callbacks.Callback] | keras.callbacks.CallbackList:
    """`callbacks` followed by `Statistics`, which comes last: an earlier callback may restore the best weights."""
    last = Statistics(batches)
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return keras.callbacks.CallbackList([*callbacks.callbacks, last], model=model, **callbacks.params)
    given = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or []
    return [*given, last]
