"""Dequantized flow: a lower bound on the probability of discrete events from the density of a flow."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfflows import noise
from tfflows.costs import Cost
from tfflows.dequantization import Dequantization, UniformDequantization
from tfflows.events import Event
from tfflows.layers import FlowLayer, Logit
from tfflows.layers.base import build
from tfflows.models.assertions import finite
from tfflows.models.base import GenerativeModel
from tfflows.models.flow import Flow
from tfflows.models.objective import check_importance_samples, importance_weighted

ALPHA = 1e-6  # of the logit that precedes vectors of pixels
BELOW_1 = 1 - 2**-15  # noise above it would round a large pixel up to the next integer


class Dequantized(GenerativeModel):
    """A model of integers that adds noise to them and takes the density of the sum from a flow.

        log P(x) = log E_q[p(x + u) / q(u | x)]  >=  E_q[log p(x + u) - log q(u | x)]

    Samples are those of the flow, rounded down.

        event = Event((28, 28, 1), "uint8", levels=256)
        model = Dequantized(Flow(event.dequantized, layers), levels=256)

    Args:
        flow: Flow of the dequantized events.
        levels: Number of values of an entry, which are the integers 0..levels-1.
        dequantization: Distribution of the noise; uniform by default.

    Source: see `tfflows.dequantization`.
    """

    input_noise = 0.0  # what training adds, as a standard deviation of pixels in [-1, 1]

    def __init__(self, flow: Flow, *, levels: int, dequantization: Dequantization | None = None, **kwargs: Any):
        event = dataclasses.replace(flow.event, dtype="uint8", levels=levels)
        super().__init__(event, **{"name": flow.name, **kwargs})
        self.flow = flow
        self.dequantization = dequantization or UniformDequantization()
        build(self.dequantization, (None, *event.shape))
        self.built = True

    @property
    def latent_shape(self):
        return self.flow.latent_shape

    @property
    def sample_cost(self) -> Cost:
        """The cost of a sample."""
        return self.flow.sample_cost

    @property
    def log_prob_cost(self) -> Cost:
        """The cost of a log-likelihood."""
        return self.flow.log_prob_cost

    @property
    def estimates(self):
        return self.flow.estimates

    @property
    def takes_importance_samples(self):
        return not self.estimates  # the mean of exponentials of estimates is too high, however many there are

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        check_importance_samples(self, num_importance_samples)
        if num_importance_samples == 1:
            return self._bound(x, condition, seed, training=training)
        features, dtype = self.dequantization.features(x), tf.as_dtype(self.compute_dtype)
        return importance_weighted(
            lambda seed: self._bound(x, condition, seed, features), seed, num_importance_samples, dtype
        )

    def _bound(self, x, condition, seed, features=None, *, training=False):
        seeds = noise.row_seeds(x, seed)
        u, log_q = self.dequantization(x, seeds, features, training=training)
        x = self._with_noise(x, u)
        if training and self.input_noise:
            scale = 0.5 * self.event.levels * self.input_noise
            x += scale * noise.normal(noise.fold_in(seeds, noise.SMOOTHING), tuple(x.shape[1:]), x.dtype)
        return self.flow.log_density(x, condition, training=training, seeds=seeds) - log_q

    def dequantize(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Pixels with noise, `[batch, *event]`, from `seed`, int32 `[2]`."""
        return self._with_noise(x, self.dequantization(x, noise.row_seeds(x, seed))[0])

    def sample_fn(self, seeds, temperature, condition):
        x = self.flow.sample_fn(seeds, temperature, condition)
        # At a high temperature a draw may overflow float32 in an unbounded flow. Infinite entries are clipped to the
        # levels, and NaN becomes 0; an error would fail all other draws of the batch, too.
        return self.pixels(tf.where(tf.math.is_nan(x), tf.zeros_like(x), x))

    def encode_fn(self, x, condition, seed=None):
        # Without a seed the middle of the noise, so that decoding returns the same pixel.
        y = self._with_noise(x, self.dequantization.center(x)) if seed is None else self.dequantize(x, seed)
        return self.flow.encode_fn(y, condition)

    def decode_fn(self, z, condition):
        return self.pixels(finite(self.flow.decode_fn(z, condition)))

    def _with_noise(self, x, u):
        return tf.cast(x, self.compute_dtype) + tf.minimum(u, BELOW_1)

    def pixels(self, x: tf.Tensor) -> tf.Tensor:
        """Events, of their dtype, from dequantized ones: rounded down, and clipped to the levels."""
        return tf.cast(tf.clip_by_value(tf.floor(x), 0, self.event.levels - 1), self.event.dtype)

    # Weights and statistics that are computed from data.

    def initialize(self, x, label=None, context=None, *, seed=0):
        x, condition = self.checked(x, label, context)
        seed = noise.seed_pair(seed)
        self.dequantization.initialize(x, noise.row_seeds(x, seed))
        self.flow.chain.initialize(self.dequantize(x, seed), condition)

    def adapt(self, batches):
        self.flow.adapt(batches, preprocess=self._with_fixed_noise)

    def _with_fixed_noise(self, x):
        return self.dequantize(x, noise.seed_pair(0))

    @property
    def uses_statistics(self):
        return self.flow.uses_statistics

    @property
    def weights_are_set(self):
        return self.dequantization.initialized and self.flow.weights_are_set

    @property
    def layer_metrics(self):
        return self.flow.layer_metrics


def make_flow(
    event: Event, layers: Sequence[FlowLayer], *, dequantization: Dequantization | None = None, **kwargs: Any
) -> Flow | Dequantized:
    """A flow of any event: a `Flow` where it is continuous, and a `Dequantized` flow where it is discrete.

    Vectors of pixels come to the layers through a logit with `alpha = ALPHA`, as in "Masked Autoregressive Flow for
    Density Estimation" (1705.07057) on MNIST; the layers of images have a logit of their own.

    Args:
        event: What one data point is.
        layers: Layers from data to latent.
        dequantization: Distribution of the noise that is added to discrete events; uniform by default.
        **kwargs: As in `Flow`.
    """
    if event.discrete and event.kind == "vector":
        layers = [Logit(high=float(event.levels), alpha=ALPHA), *layers]
    flow = Flow(event.dequantized, layers, **kwargs)
    return Dequantized(flow, levels=event.levels, dequantization=dequantization) if event.discrete else flow
