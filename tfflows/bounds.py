"""Bounds that keep densities finite at every point, and samples finite."""

import tensorflow as tf

BOUND = 5.0  # of log standard deviations and log-scales: no density is unbounded, and no event infinitely unlikely
REACH = 10.0  # in standard deviations
# In standard deviations: beyond it, all values of a table are the same to a model. float64 has values that are infinite
# in float32, where their differences would be NaN; a density underflows long before.
FARTHEST = 1e25


def soft_bound(x: tf.Tensor, bound: float = BOUND) -> tf.Tensor:
    """`bound * tanh(x / bound)`: close to `x` near 0, and between `-bound` and `bound` everywhere."""
    return bound * tf.tanh(x / bound)


def within_reach(x: tf.Tensor) -> tf.Tensor:
    """The standardized entries that the network of an autoregressive flow sees, between `-REACH` and `REACH`.

    Beyond the data, networks extrapolate. When a flow is sampled entry by entry, one outlier would make the network
    predict a larger one, and so on, up to infinity after some tens of entries.
    """
    return tf.clip_by_value(x, -REACH, REACH)
