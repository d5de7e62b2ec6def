"""Dequantisation: from integers to reals, so that a density bounds a probability.

For x in {0..levels-1}^D and noise u in [0, 1)^D with density q(u | x),

    log P(x) = log E_q[p(x + u) / q(u | x)]  >=  E_q[log p(x + u) - log q(u | x)],

so the model of the pixels is `P(x) = integral of p over the unit cube at x`, and a score is a bound on its logarithm.
Source: Theis et al., "A note on the evaluation of generative models" (1511.01844), section 3.1;
Ho et al., "Flow++" (1902.00275), section 3.1.
"""

from typing import Any

import keras
import tensorflow as tf

from tfflows import noise


class Dequantization(keras.layers.Layer):
    """A distribution of the noise, given the pixels."""

    def __init__(self, **kwargs: Any):
        super().__init__(dtype=keras.config.floatx(), **kwargs)

    def call(self, x: tf.Tensor, seeds: tf.Tensor, *, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Noise for each row and its log-density.

        Args:
            x: Integers, `[batch, *event]`.
            seeds: int32 `[batch, 2]`.
            training: Whether networks may drop units.

        Returns:
            `u`, `[batch, *event]` in [0, 1), and `log q(u | x)`, `[batch]` in nats.
        """
        raise NotImplementedError

    def initialize(self, x: tf.Tensor, seeds: tf.Tensor) -> None:
        """Sets the weights that depend on data, from one global batch; the uniform has none."""

    @property
    def initialized(self) -> bool:
        """Whether they have been set."""
        return True


class UniformDequantization(Dequantization):
    """Noise from the uniform distribution: `q(u | x) = 1`."""

    def call(self, x, seeds, *, training=False):
        u = noise.uniform(seeds, tuple(x.shape[1:]), tf.as_dtype(self.compute_dtype))
        return u, tf.zeros(tf.shape(x)[:1], u.dtype)
