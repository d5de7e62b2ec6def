"""Layer of a continuous flow."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfflows import bijectors, noise
from tfflows.layers.base import FlowLayer


class Continuous(FlowLayer):
    """A network is the velocity of every point; `bijectors.Continuous` follows it.

    The logs of training show `function_evaluations`: how often the solver ran the network for a row, on average over
    the round.

    Args:
        network: From the dimension to a Keras layer `(t [batch, 1], x, context) -> [batch, dimension]`.
        training_trace: `"hutchinson"`, an unbiased estimate, or `"exact"`; evaluation is exact.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.

    Source: Grathwohl et al., "FFJORD" (1810.01367), section 3.1.
    Differs from the paper: nothing.
    """

    def __init__(self, network: Callable[[int], keras.layers.Layer], *, training_trace: str, rtol: float, atol: float):
        super().__init__()
        self.make_network = network
        self.training_trace = training_trace
        self.tolerances = {"rtol": rtol, "atol": atol}

    def build(self, input_shape):
        self.network = self.make_network(input_shape[-1])
        self.network.build(input_shape)
        self.dimension = input_shape[-1]
        self.evaluations = keras.metrics.Mean(name="function_evaluations")

    def bijector(self, context=None, seeds=None):
        weights = [tf.convert_to_tensor(weight) for weight in self.network.trainable_variables]
        # Only a step of training reports: there the count is a log beside the loss.
        report = (lambda count: None) if seeds is None else self.evaluations.update_state
        probe = self._probe(seeds)
        return bijectors.Continuous(
            self._velocity, weights, context=context, probe=probe, report=report, **self.tolerances
        )

    def _velocity(self, t, x, weights, context):
        velocity, _ = self.network.stateless_call(weights, [], t, x, context)
        return tf.cast(velocity, self.compute_dtype)

    def _probe(self, seeds):
        """Random signs: of all noise of covariance 1, that with the least variance of the estimate."""
        if seeds is None or self.training_trace == "exact":
            return None
        return tf.sign(noise.uniform(seeds, (self.dimension,), tf.as_dtype(self.compute_dtype)) - 0.5)
