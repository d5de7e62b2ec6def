"""Layer of a continuous flow."""

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import bijectors, noise
from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.layers.base import FlowLayer
from tfflows.networks import Network

tfb = tfp.bijectors

TRACES = ("hutchinson", "exact")


class Continuous(FlowLayer):
    """A network gives the velocity of every point; `bijectors.Continuous` integrates it, for events of any shape.

    The training logs show `function_evaluations`: the number of network evaluations for a row, averaged over the epoch.

    Args:
        velocity: Network `(t [batch, 1], x, context) -> [batch, *event]`, unbuilt; the layer makes its own copy.
        training_trace: `"hutchinson"`, an unbiased estimate, or `"exact"`.
        evaluation_trace: The same for evaluation; an exact trace takes a derivative for each dimension.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.

    Raises:
        InputError: A trace is none of these; a tolerance is not positive.

    Source: Grathwohl et al., "FFJORD" (1810.01367), section 3.1.
    Differs from the paper: nothing.
    """

    forward_cost = inverse_cost = Cost("adaptive")

    def __init__(
        self,
        velocity: Network,
        *,
        training_trace: str = "hutchinson",
        evaluation_trace: str = "exact",
        rtol: float = 1e-5,
        atol: float = 1e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_choice("training_trace", training_trace, TRACES)
        check_choice("evaluation_trace", evaluation_trace, TRACES)
        check(rtol > 0 and atol > 0, "Expected `rtol` and `atol` to be positive.", rtol=rtol, atol=atol)
        self.traces = {True: training_trace, False: evaluation_trace}
        self.estimates = evaluation_trace == "hutchinson"
        self.tolerances = {"rtol": rtol, "atol": atol}
        self._template = lambda: velocity  # a template, whose state is not part of this layer

    def build(self, input_shape):
        self.network = self._template().sized(input_shape[-1])
        self.network.build(input_shape)
        self.shape = tuple(input_shape[1:])
        self.evaluations = keras.metrics.Mean(name="function_evaluations")

    def bijector(self, context=None, *, training=False, seeds=None):
        network = self.network
        weights = [tf.convert_to_tensor(w) for w in (*network.trainable_variables, *network.non_trainable_variables)]
        # Only a training step reports: there the count is logged next to the loss.
        report = self.evaluations.update_state if training else (lambda count: None)
        probe = None
        if self.traces[training] == "hutchinson":
            rule = "Expected `seeds` in training with training_trace='hutchinson'."
            check(seeds is not None or not training, rule, seeds=seeds)
            probe = lambda x: self._probe(x, seeds)  # noqa: E731
        continuous = bijectors.Continuous(
            self._velocity, weights, context=context, probe=probe, report=report, **self.tolerances
        )
        if len(self.shape) == 1:
            return continuous
        return tfb.Chain([bijectors.Flatten(self.shape), continuous, tfb.Invert(bijectors.Flatten(self.shape))])

    def matching_error(self, x: tf.Tensor, z: tf.Tensor, t: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """The squared error of the velocity, `[batch]`, on the straight path from `x` to `z`.

            |velocity(t, (1 - t) * x + t * z) - (z - x)|^2

        Args:
            x: Events, `[batch, *event]`.
            z: Latents, of the same shape.
            t: Times, in [0, 1], `[batch]`.
            context: As in `bijector`.

        Source: Lipman et al., "Flow Matching for Generative Modeling" (2210.02747), the optimal transport path with
        sigma_min = 0.
        Differs from the paper: time runs from data to latent.
        """
        times = tf.reshape(t, [-1, *[1] * len(self.shape)])
        velocity = self.network(t[:, None], (1 - times) * x + times * z, context)
        error = (tf.cast(velocity, self.compute_dtype) - (z - x)) ** 2
        return bijectors.base.sum_event(error, len(self.shape))

    def _velocity(self, t, x, weights, context):
        trained = len(self.network.trainable_variables)  # none of a frozen network
        inputs = (t, tf.reshape(x, [-1, *self.shape]), context)
        velocity, _ = self.network.stateless_call(weights[:trained], weights[trained:], *inputs)
        return tf.reshape(tf.cast(velocity, self.compute_dtype), tf.shape(x))

    def _probe(self, x, seeds):
        """Rademacher noise, which minimizes the variance of the trace estimate among noise of independent entries."""
        seeds = tf.zeros([tf.shape(x)[0], 2], tf.int32) if seeds is None else seeds
        return tf.sign(noise.uniform(seeds, tuple(x.shape[1:]), x.dtype) - 0.5)
