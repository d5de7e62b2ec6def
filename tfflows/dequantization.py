"""Dequantization: from integers to reals, so that a density bounds a probability.

For x in {0..levels-1}^D and noise u in [0, 1)^D with density q(u | x),

    log P(x) = log E_q[p(x + u) / q(u | x)]  >=  E_q[log p(x + u) - log q(u | x)],

so the model of the pixels is `P(x) = integral of p over the unit cube at x`, and a log-likelihood is a bound on its
logarithm.

Source: Theis et al., "A note on the evaluation of generative models" (1511.01844), section 3.1;
Ho et al., "Flow++" (1902.00275), section 3.1.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors.base import sum_event
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.layers.affine import ContextAffine
from tfflows.layers.base import FlowLayer, build
from tfflows.layers.chain import Chain
from tfflows.networks import Network
from tfflows.serialization import Configurable

LARGEST_CENTER = 0.999  # one that rounds to 1 would be the next integer


class Dequantization(Configurable, keras.layers.Layer):
    """A distribution of the noise, given the pixels.

    Args:
        **kwargs: Keras' own arguments: `name`, `trainable` and `dtype`, which is `keras.config.floatx()` by default.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})

    def features(self, x: tf.Tensor, *, training: bool = False, seeds: tf.Tensor | None = None) -> tf.Tensor | None:
        """What the noise is conditioned on, computed once however many draws follow; None for none."""
        return None

    def call(
        self, x: tf.Tensor, seeds: tf.Tensor, features: tf.Tensor | None = None, *, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Noise for each row and its log-density.

        Args:
            x: Integers, `[batch, *event]`.
            seeds: int32 `[batch, 2]`.
            features: The result of `features(x)`; None to compute it.
            training: Whether networks apply dropout.

        Returns:
            `u`, `[batch, *event]` in [0, 1], and `log q(u | x)`, `[batch]` in nats.
        """
        raise NotImplementedError

    def center(self, x: tf.Tensor) -> tf.Tensor:
        """The noise in the middle of its distribution, `[batch, *event]` in [0, 1), without randomness."""
        raise NotImplementedError

    def initialize(self, x: tf.Tensor, seeds: tf.Tensor) -> None:
        """Sets the weights that depend on data, from one global batch; the uniform distribution has none."""

    @property
    def initialized(self) -> bool:
        """Whether the weights that depend on data have been set."""
        return True


class UniformDequantization(Dequantization):
    """Noise from the uniform distribution: `q(u | x) = 1`."""

    def build(self, input_shape):
        """Has no weights."""

    def call(self, x, seeds, features=None, *, training=False):
        u = noise.uniform(seeds, tuple(x.shape[1:]), tf.as_dtype(self.compute_dtype))
        return u, tf.zeros(tf.shape(x)[:1], u.dtype)

    def center(self, x):
        return tf.fill(tf.shape(x), tf.cast(0.5, self.compute_dtype))


class VariationalDequantization(Dequantization):
    """Noise from a conditional flow: `u = sigmoid(f(e))`, with `e` standard normal and `f` conditioned on the pixels.

        log q(u | x) = log normal(e) - log |det df/de| - log(u * (1 - u))

    The flow is applied from data to latent, the cheap direction of its couplings.

    Args:
        layers: Flow layers that together keep the shape of the event; their context is the output of `network`.
        network: Network applied to `x / levels - 0.5`; None for a subclass that makes it in `build`.
        levels: Number of values of a pixel.

    Source: Ho et al., "Flow++" (1902.00275), section 3.1.
    Differs from the paper: nothing.
    """

    def __init__(self, layers: Sequence[FlowLayer], network: keras.layers.Layer | None, levels: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.chain = Chain(layers)
        self.network = network
        self.levels = levels

    def build(self, input_shape):
        build(self.network, input_shape)
        build(self.chain, input_shape)

    def call(self, x, seeds, features=None, *, training=False):
        v = self._start(x, seeds)
        event_ndims = x.shape.rank - 1
        log_q = sum_event(-0.5 * (v**2 + math.log(2 * math.pi)), event_ndims)
        of_context, of_flow = (
            noise.training_seeds(seeds, stream, training=training)
            for stream in (noise.DEQUANTIZATION_CONTEXT, noise.DEQUANTIZATION_FLOW)
        )
        if features is None:
            features = self.features(x, training=training, seeds=of_context)
        v, log_det = self.chain.inverse_and_log_det(v, features, training=training, seeds=of_flow)
        log_slope = tf.math.log_sigmoid(v) + tf.math.log_sigmoid(-v)
        return tf.sigmoid(v), log_q - log_det - sum_event(log_slope, event_ndims)

    def center(self, x):
        v = self.chain.inverse_and_log_det(tf.zeros(tf.shape(x), self.compute_dtype), self.features(x))[0]
        return tf.minimum(tf.sigmoid(v), LARGEST_CENTER)

    def _start(self, x, seeds):
        return noise.normal(seeds, tuple(x.shape[1:]), tf.as_dtype(self.compute_dtype))

    def features(self, x, *, training=False, seeds=None):
        pixels = tf.cast(x, self.compute_dtype) / self.levels - 0.5
        return tf.cast(self.network(pixels, training=training, seeds=seeds), self.compute_dtype)

    def initialize(self, x, seeds):
        self.chain.initialize(self._start(x, seeds), self.features(x))

    @property
    def initialized(self):
        return self.chain.initialized


class LogitNormalDequantization(VariationalDequantization):
    """Noise from a logit-normal distribution for each pixel: `u = sigmoid(e * exp(s(x)) + b(x))`.

    It is variational dequantization by a single elementwise layer, whose network sees the image once. After a logit of
    the pixels with a small `alpha`, this noise of a dark pixel is nearly normal, as the base is. Uniform noise is not:
    it costs a flow of affine layers `log(2 * pi / e) / 2 = 0.42` nats for each dark pixel, unless its networks make up
    for that. The noise may be concentrated, so that the score is sensitive to small errors of its location: even in
    mixed precision, the network computes in the dtype of this layer.

    Args:
        conditioner: Unbuilt network of the pixels, a template; it returns maps of the size of the image.
        levels: Number of values of a pixel.

    Source: Ho et al., "Flow++" (1902.00275), section 3.1; the distribution is ours.
    """

    def __init__(self, conditioner: Network, levels: int, **kwargs: Any):
        super().__init__([ContextAffine()], None, levels, **kwargs)
        self._conditioner = lambda: conditioner  # a template, whose state is not part of this layer

    def build(self, input_shape):
        self.network = self._conditioner().sized(2 * input_shape[-1], dtype=self.dtype)
        super().build(input_shape)


def pixel_noise(name: str, conditioner: Network, event: Event) -> Dequantization | None:
    """The noise of the pixels of an event, by the name that the setting `dequantization` of a model has for it.

    Args:
        name: `"uniform"` or `"logit_normal"`.
        conditioner: Unbuilt network of the pixels, for noise that is learned.
        event: Event of the model.

    Returns:
        None for uniform noise, and for events that are real numbers, which need none.

    Raises:
        InputError: `name` is neither.
    """
    check_choice("dequantization", name, ("uniform", "logit_normal"))
    learned = name == "logit_normal" and event.discrete
    return LogitNormalDequantization(conditioner, event.levels) if learned else None
