"""Dropout with separate noise for each row: the same on one device and on many, and after a restart."""

import tensorflow as tf

from tfflows import noise
from tfflows.errors import check


def check_dropout(dropout: float) -> None:
    """Raises `InputError` unless `dropout` is in [0, 1)."""
    check(0 <= dropout < 1, "Expected `dropout` to be in [0, 1).", dropout=dropout)


def drop(x: tf.Tensor, rate: float, *, training: bool, seeds: tf.Tensor | None) -> tf.Tensor:
    """Sets entries to zero with probability `rate` and scales the others up; does nothing outside of training.

    Args:
        x: `[batch, ...]`.
        rate: Probability, in [0, 1).
        training: Whether the network is being trained.
        seeds: int32 `[batch, 2]`.

    Raises:
        InputError: There are no seeds in training.
    """
    if not training or rate == 0:
        return x
    check(seeds is not None, "Expected `seeds` in training, for the noise of dropout.", seeds=seeds)
    kept = noise.uniform(seeds, tuple(x.shape[1:]), tf.float32) >= rate
    return tf.where(kept, x / (1 - rate), tf.zeros_like(x))
