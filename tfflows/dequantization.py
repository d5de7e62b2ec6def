"""Dequantisation: from integers to reals, so that a density bounds a probability.

For x in {0..levels-1}^D and noise u in [0, 1)^D with density q(u | x),

    log P(x) = log E_q[p(x + u) / q(u | x)]  >=  E_q[log p(x + u) - log q(u | x)],

so the model of the pixels is `P(x) = integral of p over the unit cube at x`, and a score is a bound on its logarithm.
Source: Theis et al., "A note on the evaluation of generative models" (1511.01844), section 3.1;
Ho et al., "Flow++" (1902.00275), section 3.1.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.events import Event
from tfflows.layers import passing


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


class VariationalDequantization(Dequantization):
    """Noise from a conditional flow: `u = sigmoid(f(e))`, with `e` standard normal and `f` conditioned on the pixels.

        log q(u | x) = log normal(e) - log |det df/de| - log(u * (1 - u))

    The flow is used from its data to its latent end, the cheap direction of its couplings.

    Args:
        layers: Flow layers that keep the shape of the event as a whole; their context is what `network` returns.
        network: Keras layer `(x / levels - 0.5, seeds) -> context`.
        event: Discrete.

    Source: Ho et al., "Flow++" (1902.00275), section 3.1.
    Differs from the paper: nothing.
    """

    def __init__(self, layers: list[keras.layers.Layer], network: keras.layers.Layer, event: Event):
        super().__init__()
        self.flow_layers = layers
        self.network = network
        self.levels = event.levels
        shape = (None, *event.shape)
        self.network.build(shape)
        passing.build(layers, shape)

    def call(self, x, seeds, *, training=False):
        v = self._start(x, seeds)
        log_q = tf.reduce_sum(-0.5 * (v**2 + math.log(2 * math.pi)), axis=[1, 2, 3])
        use = (seeds, noise.fold_in(seeds, -1 - len(self.flow_layers))) if training else (None, None)
        v, log_det = passing.towards_latent(self.flow_layers, v, self._context(x, use[1]), use[0])
        log_slope = tf.math.log_sigmoid(v) + tf.math.log_sigmoid(-v)
        return tf.sigmoid(v), log_q - log_det - tf.reduce_sum(log_slope, axis=[1, 2, 3])

    def _start(self, x, seeds):
        return noise.normal(seeds, tuple(x.shape[1:]), tf.as_dtype(self.compute_dtype))

    def _context(self, x, seeds):
        pixels = tf.cast(x, self.compute_dtype) / self.levels - 0.5
        return tf.cast(self.network(pixels, seeds), self.compute_dtype)

    def initialize(self, x, seeds):
        v, context = self._start(x, seeds), self._context(x, None)
        for layer in self.flow_layers:
            layer.initialize(v, context)
            v = layer(v, context)

    @property
    def initialized(self):
        return all(layer.initialized for layer in self.flow_layers)
