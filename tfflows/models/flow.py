"""Normalizing flow: a chain of layers under a base distribution."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import bijectors, noise, values
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import Chain, FlowLayer
from tfflows.layers.base import build
from tfflows.models import bases
from tfflows.models.base import GenerativeModel
from tfflows.models.conditional import check_dropout, check_is_used, of_one_batch, some_hidden
from tfflows.models.data_dependent import DataDependentWeights
from tfflows.models.distribution import FlowDistribution
from tfflows.models.objective import check_importance_samples

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
        base: Distribution of the latent vector: `"normal"`, `"logistic"` or `"student_t"`, with independent entries of
            location 0 and scale 1, or any TFP distribution of vectors of the event's size, whose parameters are not
            trained. The degrees of freedom of Student's t are trained, one number for each entry.
        condition_dropout: Fraction of the rows whose label and context training replaces by zeros, in [0, 1): a flow
            that learns both densities can be sampled with guidance.

    Raises:
        InputError: `event` is discrete, or has a condition that no layer takes; `base` is neither a known name nor a
            distribution of such vectors; `condition_dropout` is out of range, or there is no condition.
    """

    takes_importance_samples = False

    def __init__(
        self,
        event: Event,
        layers: Sequence[FlowLayer],
        *,
        base: str | tfd.Distribution = "normal",
        condition_dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(event, **kwargs)
        rule = "Expected a continuous `event`: wrap the flow of `event.dequantized` in `Dequantized`."
        check(not event.discrete, rule, event=event.to_dict())
        bases.check_base(base, event.size, self.compute_dtype)
        check_dropout(condition_dropout, event)
        self.condition_dropout = condition_dropout
        self._base = lambda: base  # wrapped in a function, as Keras would track a distribution's variables
        self.chain = Chain(layers)
        self.log_df = None
        self.build((None, *event.shape))

    def build(self, input_shape):
        build(self.chain, input_shape)
        check_is_used(self.event.condition_size, self.chain)
        if self._base() == bases.HEAVY_TAILED:
            start = keras.initializers.Constant(bases.LOG_DEGREES_OF_FREEDOM)
            self.log_df = self.add_weight(shape=(self.event.size,), initializer=start, name="log_df")
        self.last_shape = tuple(self.chain.compute_output_shape(input_shape)[1:])

    @property
    def flow_layers(self) -> list[FlowLayer]:
        """The layers, from data to latent."""
        return self.chain.flow_layers

    @property
    def estimates(self):
        return self.chain.estimates

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
        return bases.distribution(self._base(), self.event.size, self.compute_dtype, self.log_df)

    def base_sample(self, seeds: tf.Tensor) -> tf.Tensor:
        """Latents `[n, *latent]` drawn from the base with `seeds`, int32 `[n, 2]`."""
        return bases.sample(self.base_distribution(), self._base(), self.event.size, self.compute_dtype, seeds)

    def distribution(self, label: Any = None, context: Any = None) -> tfd.Distribution:
        """The density as a TFP distribution.

        It reads the weights in each call, so it follows the training of the flow.

        Args:
            label: A class, or classes of any shape, which is the batch shape; None without classes.
            context: A context, or contexts `[*batch, context]`; None without a context. A single label or context goes
                with all of the others.

        Raises:
            InputError: As in `log_prob`, or batch shapes of label and context that do not fit together.
        """
        self.check_initialized()
        label, context = self.event.check_label(label), self.event.check_context(context)
        if label is not None and context is not None:
            label, context = of_one_batch(label, context)
        return FlowDistribution(self, self.condition(label, context), name=self.name)

    def log_density(
        self,
        x: tf.Tensor,
        condition: tf.Tensor | None = None,
        *,
        training: bool = False,
        seeds: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Log-density `[batch]` of events `[batch, *event]`, in nats; without seeds, estimates have those of seed 0."""
        if seeds is None and self.estimates:
            seeds = noise.row_seeds(x, noise.seed_pair(0))
        if training and self.condition_dropout:
            condition = some_hidden(condition, self.condition_dropout, seeds)
        x, bijector = tf.cast(x, self.compute_dtype), self.bijector(condition, training=training, seeds=seeds)
        log_det = bijector.inverse_log_det_jacobian(x, event_ndims=len(self.event.shape))
        return self.base_distribution().log_prob(bijector.inverse(x)) + log_det

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        check_importance_samples(self, num_importance_samples)
        seeds = noise.row_seeds(x, seed) if training or self.estimates else None
        return self.log_density(x, condition, training=training, seeds=seeds)

    def sample_fn(self, seeds, temperature, condition):
        z, center = self.base_sample(seeds), bases.center(self.base_distribution(), self._base())
        return self.decode_fn(center + (z - center) * tf.cast(temperature, z.dtype)[:, None], condition)

    def sample_and_log_prob_fn(
        self, seeds: tf.Tensor, condition: tf.Tensor | None = None, *, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Continuous events `[n, *event]` from `seeds`, int32 `[n, 2]`, and their log-probabilities, in one pass.

        Both are differentiable in the weights; only training, and estimates, may add noise of their own.
        """
        z, bijector = self.base_sample(seeds), self.bijector(condition, training=training, seeds=seeds)
        log_det = bijector.forward_log_det_jacobian(z, event_ndims=1)
        return bijector.forward(z), self.base_distribution().log_prob(z) - log_det

    def sample_and_log_prob(
        self, n: int, label: Any = None, context: Any = None, *, seed: Any = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The events of `sample(n, label, context, seed=seed)` and their log-likelihoods, `[n]`, in one pass."""
        n = n if values.is_symbolic(n) else values.check_count("n", n, least=1)
        inputs = noise.sample_seeds(seed, n), self.check_condition(label, context, n)
        x, log_prob = self.cached_function("sample_and_log_prob", self.sample_and_log_prob_fn)(*inputs)
        return tf.cast(x, self.event.dtype), log_prob

    def encode(self, x, label=None, context=None, *, seed=None):
        check(seed is None, "Expected no `seed`: the latent of a continuous event is exact.", seed=seed)
        return super().encode(x, label, context)

    def encode_fn(self, x, condition, seed=None):
        return self.bijector(condition).inverse(tf.cast(x, self.compute_dtype))

    def decode_fn(self, z, condition):
        return tf.cast(self.bijector(condition).forward(z), self.event.dtype)

    @property
    def layer_metrics(self):
        return self.chain.metrics
