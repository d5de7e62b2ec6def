"""Normalizing flow: a chain of layers under a base distribution."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import bijectors, noise
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import Chain, FlowLayer
from tfflows.layers.base import build
from tfflows.models import bases
from tfflows.models.base import GenerativeModel
from tfflows.models.data_dependent import DataDependentWeights
from tfflows.models.distribution import FlowDistribution

tfb, tfd = tfp.bijectors, tfp.distributions


class Flow(DataDependentWeights, GenerativeModel):
    """The density of `x = f(z)`, where `z` is drawn from the base and `f` is the chain of the layers.

        log p(x) = log base(f^-1(x)) + log |det d f^-1(x) / dx|

    The events are continuous; `Dequantized` makes a model of discrete events from a flow.

        flow = Flow(Event((2,)), [ActNorm(), AffineCoupling("halves", conditioner=MLP(width=64, depth=2))])
        flow.compile("adam")
        flow.fit(x)

    Args:
        event: What one data point is.
        layers: Layers from data to latent, as papers draw them.
        base: Distribution of the latent vector: `"normal"` or `"logistic"`, with independent entries of location 0 and
            scale 1, or any TFP distribution of vectors of the event's size, whose parameters are not trained.

    Raises:
        InputError: `event` is discrete; `base` is neither a known name nor a distribution of such vectors.
    """

    def __init__(
        self,
        event: Event,
        layers: Sequence[FlowLayer],
        *,
        base: str | tfd.Distribution = "normal",
        **kwargs: Any,
    ):
        super().__init__(event, **{"dtype": keras.config.floatx(), **kwargs})
        rule = "Expected a continuous `event`: wrap the flow of `event.dequantized` in `Dequantized`."
        check(not event.discrete, rule, event=event.to_dict())
        bases.check_base(base, event.size)
        self._base = lambda: base  # wrapped in a function, as Keras would track a distribution's variables
        self.chain = Chain(layers)
        self._is_initialized = False
        self.build((None, *event.shape))

    def build(self, input_shape):
        build(self.chain, input_shape)
        self.last_shape = tuple(self.chain.compute_output_shape(input_shape)[1:])

    @property
    def flow_layers(self) -> list[FlowLayer]:
        """The layers, from data to latent."""
        return self.chain.flow_layers

    @property
    def latent_shape(self):
        return (self.event.size,)

    def bijector(
        self, context: tf.Tensor | None = None, *, training: bool = False, seeds: tf.Tensor | None = None
    ) -> tfb.Bijector:
        """From latent vectors to data: `forward` draws and `inverse` encodes; see `FlowLayer`."""
        flatten = bijectors.Flatten(self.last_shape)
        return tfb.Chain(self.chain.compose([flatten], context, training=training, seeds=seeds), name="flow")

    @property
    def sample_cost(self) -> Cost:
        """The cost of a sample."""
        return self.chain.forward_cost

    @property
    def log_prob_cost(self) -> Cost:
        """The cost of a density."""
        return self.chain.inverse_cost

    def base_distribution(self) -> tfd.Distribution:
        """The distribution of the latent vector."""
        return bases.distribution(self._base(), self.event.size, self.compute_dtype)

    def base_sample(self, seeds: tf.Tensor) -> tf.Tensor:
        """Latents `[n, *latent]` drawn from the base with `seeds`, int32 `[n, 2]`."""
        return bases.sample(self._base(), self.event.size, self.compute_dtype, seeds)

    def distribution(self, label: Any = None) -> tfd.Distribution:
        """The density as a TFP distribution.

        It reads the weights in each call, so it follows the training of the flow, and keeps no reference to evaluated
        tensors.

        Args:
            label: A class, or classes of any shape, which is the batch shape; None for an unconditional flow.
        """
        return FlowDistribution(self, self._check_label(label), name=self.name)

    def log_density(
        self,
        x: tf.Tensor,
        label: tf.Tensor | None = None,
        *,
        training: bool = False,
        seeds: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Log-density `[batch]` of events `[batch, *event]`, in nats."""
        x, bijector = (
            tf.cast(x, self.compute_dtype),
            self.bijector(self._context(label), training=training, seeds=seeds),
        )
        log_det = bijector.inverse_log_det_jacobian(x, event_ndims=len(self.event.shape))
        return self.base_distribution().log_prob(bijector.inverse(x)) + log_det

    def log_prob_fn(self, x, label, seed, num_importance_samples=1, *, training=False):
        rule = "Expected `num_importance_samples` to be 1: the density of continuous events is exact."
        check(num_importance_samples == 1, rule, num_importance_samples=num_importance_samples)
        seeds = noise.row_seeds(x, seed) if training else None
        return self.log_density(x, label, training=training, seeds=seeds)

    def sample_fn(self, seeds, temperature, label):
        z = self.base_sample(seeds)
        return self.decode_fn(z * tf.cast(temperature, z.dtype)[:, None], label)

    def sample_and_log_prob_fn(
        self, seeds: tf.Tensor, label: tf.Tensor | None = None, *, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Continuous events `[n, *event]` from `seeds`, int32 `[n, 2]`, and their log-probabilities, in one pass.

        Both are differentiable in the weights; only training may add noise of its own.
        """
        z, context = self.base_sample(seeds), self._context(label)
        bijector = self.bijector(context, training=training, seeds=seeds)
        log_det = bijector.forward_log_det_jacobian(z, event_ndims=1)
        return bijector.forward(z), self.base_distribution().log_prob(z) - log_det

    def encode(self, x, label=None, *, seed=None):
        check(seed is None, "Expected no `seed`: the latent of a continuous event is exact.", seed=seed)
        return super().encode(x, label)

    def encode_fn(self, x, label, seed=None):
        return self.bijector(self._context(label)).inverse(tf.cast(x, self.compute_dtype))

    def decode_fn(self, z, label):
        return tf.cast(self.bijector(self._context(label)).forward(z), self.event.dtype)

    @property
    def logged_metrics(self):
        return [*super().logged_metrics, *self.layer_metrics]

    @property
    def layer_metrics(self) -> list[keras.metrics.Metric]:
        """The training metrics of the layers."""
        return self.chain.metrics
