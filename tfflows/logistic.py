"""The mass of a logistic distribution in the cell of an integer."""

import tensorflow as tf
import tensorflow_probability as tfp


def log_mass(x: tf.Tensor, mean: tf.Tensor, scale: tf.Tensor, levels: int | None = None) -> tf.Tensor:
    """Log of the mass between `x - 1/2` and `x + 1/2`, without cancellation.

        a = (x - 1/2 - mean) / scale;  b = (x + 1/2 - mean) / scale
        log(sigmoid(b) - sigmoid(a)) = log sigmoid(b) + log sigmoid(-a) + log(1 - exp(-1 / scale))

    Args:
        x: Integers.
        mean: Means of the distributions.
        scale: Scales of the distributions.
        levels: The integers are 0..levels-1, and the end values include the tails; None for all integers.
    """
    above = tf.math.log_sigmoid((mean - x + 0.5) / scale)
    below = tf.math.log_sigmoid((x + 0.5 - mean) / scale)
    inner = above + below + tfp.math.log1mexp(1 / scale)
    if levels is None:
        return inner
    return tf.where(x < 0.5, below, tf.where(x > levels - 1.5, above, inner))
