"""The soft bound of logarithms of scales, which keeps the density finite at every point."""

import tensorflow as tf

BOUND = 5.0  # of log-deviations and log-scales: no density is unbounded, and no event infinitely unlikely


def soft_bound(x: tf.Tensor, bound: float = BOUND) -> tf.Tensor:
    """`bound * tanh(x / bound)`: close to `x` near 0, and between `-bound` and `bound` everywhere."""
    return bound * tf.tanh(x / bound)
