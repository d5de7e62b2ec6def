"""Normalising flow: a chain of layers under a base distribution."""

import functools
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import bijectors, noise
from tfflows.dequantization import UniformDequantization
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.layers import FlowLayer, passing
from tfflows.models.base import GenerativeModel
from tfflows.models.objective import importance_weighted

tfb, tfd = tfp.bijectors, tfp.distributions

BASES = {"normal": tfd.Normal, "logistic": tfd.Logistic}


class Flow(GenerativeModel):
    """The density of `x = f(z)`, where `z` is drawn from the base and `f` is the chain of the layers.

        log p(x) = log base(f^-1(x)) + log |det d f^-1(x) / dx|

    Discrete events are dequantised first: see `tfflows.dequantization`.

    Args:
        event: What one data point is.
        layers: From data to latent, as papers draw them.
        base: Distribution of each entry of the latent vector, `"normal"` or `"logistic"`, with location 0 and scale 1.
        dequantization: Layer `(x, seeds) -> (u, log q(u | x))` for discrete events; uniform unless given.
    """

    def __init__(
        self,
        event: Event,
        layers: list[FlowLayer],
        *,
        base: str = "normal",
        dequantization: keras.layers.Layer | None = None,
        **kwargs: Any,
    ):
        super().__init__(event, dtype=keras.config.floatx(), **kwargs)
        check_choice("base", base, BASES)
        self.flow_layers = layers
        self.base = base
        self.dequantization = (dequantization or UniformDequantization()) if event.discrete else None
        self._is_initialized = False
        self.build((None, *event.shape))

    def build(self, input_shape):
        self.last_shape = tuple(passing.build(self.flow_layers, input_shape)[1:])

    @property
    def latent_shape(self):
        return (self.event.size,)

    def bijector(self, context: tf.Tensor | None = None, seeds: tf.Tensor | None = None) -> tfb.Bijector:
        """From latent vectors to (dequantised) data: `forward` draws, `inverse` encodes; `seeds` as in `FlowLayer`."""
        chain = [bijectors.Flatten(self.last_shape)]
        for number, layer in reversed(list(enumerate(self.flow_layers, start=1))):
            chain = layer.compose(chain, context, None if seeds is None else noise.fold_in(seeds, number))
        return tfb.Chain(chain, name="flow")

    @property
    def sampling_cost(self) -> str:
        """What a sample costs in a layer beyond one pass, in words; "" where it costs no more."""
        return "; ".join(dict.fromkeys(layer.forward_cost for layer in self.flow_layers if layer.forward_cost))

    @property
    def scoring_cost(self) -> str:
        """The same of a density."""
        return "; ".join(dict.fromkeys(layer.inverse_cost for layer in self.flow_layers if layer.inverse_cost))

    def base_distribution(self) -> tfd.Distribution:
        zeros = tf.zeros(self.latent_shape, self.compute_dtype)
        return tfd.Independent(BASES[self.base](zeros, tf.ones_like(zeros)), 1)

    def distribution(self, label: tf.Tensor | None = None, seeds: tf.Tensor | None = None) -> tfd.Distribution:
        """The density of continuous events, of dequantised ones where they are discrete, as a TFP distribution."""
        return tfd.TransformedDistribution(self.base_distribution(), self.bijector(self._context(label), seeds))

    def log_prob_fn(self, x, label, seed, num_importance_samples=1, *, training=False):
        if not self.event.discrete:
            rule = "Expected `num_importance_samples` to be 1: the density of continuous events is exact."
            check(num_importance_samples == 1, rule, num_importance_samples=num_importance_samples)
            seeds = noise.row_seeds(x, seed) if training else None
            return self.distribution(label, seeds).log_prob(tf.cast(x, self.compute_dtype))
        if num_importance_samples == 1:
            return self._bound(x, label, seed, training=training)
        return importance_weighted(
            lambda seed: self._bound(x, label, seed), seed, num_importance_samples, tf.as_dtype(self.compute_dtype)
        )

    def _bound(self, x, label, seed, *, training=False):
        seeds = noise.row_seeds(x, seed)
        u, log_q = self.dequantization(x, seeds, training=training)
        distribution = self.distribution(label, seeds if training else None)
        return distribution.log_prob(tf.cast(x, self.compute_dtype) + u) - log_q

    def base_sample(self, seeds: tf.Tensor) -> tf.Tensor:
        """Latents `[n, *latent]` drawn from the base, from `seeds`, int32 `[n, 2]`."""
        u = noise.uniform(seeds, self.latent_shape, tf.as_dtype(self.compute_dtype))
        return self.base_distribution().distribution.quantile(u)

    def sample_fn(self, seeds, temperature, label):
        z = self.base_sample(seeds)
        x = self.bijector(self._context(label)).forward(z * tf.cast(temperature, z.dtype)[:, None])
        # A hot draw may leave float32 on its way through a flow that is not bounded. Its entries are beyond all levels,
        # and those of which no sign is left are 0; an error would be that of all the draws beside it.
        return self._as_event(tf.where(tf.math.is_nan(x), tf.zeros_like(x), x) if self.event.discrete else x)

    def sample_and_log_prob_fn(
        self, seeds: tf.Tensor, label: tf.Tensor | None = None, *, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Continuous events `[n, *event]` from `seeds`, int32 `[n, 2]`, and their log-probabilities, in one pass.

        Both are differentiable in the weights; only training may add noise of its own.
        """
        z, bijector = self.base_sample(seeds), self.bijector(self._context(label), seeds if training else None)
        log_det = bijector.forward_log_det_jacobian(z, event_ndims=1)
        return bijector.forward(z), self.base_distribution().log_prob(z) - log_det

    def encode(self, x, label=None, *, seed=None):
        rule = "Expected no `seed`: the latent of a continuous event is exact."
        check(seed is None or self.event.discrete, rule, seed=seed)
        return super().encode(x, label, seed=seed)

    def encode_fn(self, x, label, seed=None):
        # The middle of a pixel's cell unless there is a seed, so that decoding gives the pixel back.
        u = 0.5 if seed is None else self.dequantization(x, noise.row_seeds(x, seed))[0]
        x = tf.cast(x, self.compute_dtype) + (u if self.event.discrete else 0.0)
        return self.bijector(self._context(label)).inverse(x)

    def decode_fn(self, z, label):
        x = self.bijector(self._context(label)).forward(z)
        return self._as_event(self._finite(x) if self.event.discrete else x)

    def _as_event(self, x):
        if self.event.discrete:
            x = tf.clip_by_value(tf.floor(x), 0, self.event.levels - 1)
        return tf.cast(x, self.event.dtype)

    def initialize(self, x, label=None, *, seed=0):
        x = self.event.check(x)
        if self.event.discrete:
            self.dequantization.initialize(x, noise.row_seeds(x, noise.seed_pair(seed)))
        context = self._context(label)
        x = self._seen(x, label, 0, noise.seed_pair(seed))
        for layer in self.flow_layers:
            layer.initialize(x, context)
            x = layer(x, context)

    def settle(self, batches):
        for number, layer in enumerate(self.flow_layers):
            if layer.uses_statistics:
                see = functools.partial(self._seen, number=number, seed=noise.seed_pair(0))
                seen = self.cached_function("seen", see, number)
                layer.settle(seen(batch["x"], batch.get("label")) for batch in batches)

    def _seen(self, x, label, number, seed):
        """What layer `number` sees of events `x`."""
        noise_of_pixels = self.dequantization(x, noise.row_seeds(x, seed))[0] if self.event.discrete else 0.0
        x, context = tf.cast(x, self.compute_dtype) + noise_of_pixels, self._context(label)
        for layer in self.flow_layers[:number]:
            x = layer(x, context)
        return x

    @property
    def logged_metrics(self):
        return [*super().logged_metrics, *self.layer_metrics]

    @property
    def layer_metrics(self) -> list[keras.metrics.Metric]:
        """What layers report of training."""
        return [metric for layer in self.flow_layers for metric in layer.metrics]

    @property
    def initialized(self):
        # Once set they stay set: the weights are looked at until then, and not in every call.
        self._is_initialized = self._is_initialized or all(layer.initialized for layer in self._data_dependent)
        return self._is_initialized

    @property
    def _data_dependent(self):
        return [*self.flow_layers, *([self.dequantization] if self.dequantization else [])]
