"""Layer of a continuous flow."""

from typing import Any

import keras
import tensorflow as tf

from tfflows import bijectors, noise
from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.layers.base import FlowLayer
from tfflows.networks import Network

TRACES = ("hutchinson", "exact")


class Continuous(FlowLayer):
    """A network gives the velocity of every point; `bijectors.Continuous` integrates it.

    The training logs show `function_evaluations`: the number of network evaluations for a row, averaged over the epoch.

    Args:
        velocity: Network `(t [batch, 1], x, context) -> [batch, dimension]`, unbuilt; the layer makes its own copy.
        training_trace: `"hutchinson"`, an unbiased estimate, or `"exact"`; evaluation is always exact.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.

    Raises:
        InputError: `training_trace` is none of these; a tolerance is not positive.

    Source: Grathwohl et al., "FFJORD" (1810.01367), section 3.1.
    Differs from the paper: nothing.
    """

    forward_cost = inverse_cost = Cost("adaptive")

    def __init__(
        self,
        velocity: Network,
        *,
        training_trace: str = "hutchinson",
        rtol: float = 1e-5,
        atol: float = 1e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_choice("training_trace", training_trace, TRACES)
        check(rtol > 0 and atol > 0, "Expected `rtol` and `atol` to be positive.", rtol=rtol, atol=atol)
        self.training_trace = training_trace
        self.tolerances = {"rtol": rtol, "atol": atol}
        self._recipe = lambda: velocity  # whose state is not this layer's

    def build(self, input_shape):
        self.network = self._recipe().sized(input_shape[-1])
        self.network.build(input_shape)
        self.dimension = input_shape[-1]
        self.evaluations = keras.metrics.Mean(name="function_evaluations")

    def bijector(self, context=None, *, training=False, seeds=None):
        weights = [tf.convert_to_tensor(weight) for weight in self.network.trainable_variables]
        # Only a training step reports: there the count is logged next to the loss.
        report = self.evaluations.update_state if training else (lambda count: None)
        probe = self._probe(seeds) if training else None
        return bijectors.Continuous(
            self._velocity, weights, context=context, probe=probe, report=report, **self.tolerances
        )

    def _velocity(self, t, x, weights, context):
        velocity, _ = self.network.stateless_call(weights, [], t, x, context)
        return tf.cast(velocity, self.compute_dtype)

    def _probe(self, seeds):
        """Random signs: of all noise with covariance 1, they give the estimate with the least variance."""
        if self.training_trace == "exact":
            return None
        check(seeds is not None, "Expected `seeds` in training with training_trace='hutchinson'.", seeds=seeds)
        return tf.sign(noise.uniform(seeds, (self.dimension,), tf.as_dtype(self.compute_dtype)) - 0.5)
