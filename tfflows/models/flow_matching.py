"""Flow matching: fits the velocity field of a continuous flow by regression, without a solver."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise
from tfflows.errors import check
from tfflows.layers import Continuous
from tfflows.models.conditional import some_hidden
from tfflows.models.dequantized import Dequantized
from tfflows.models.flow import Flow
from tfflows.models.other_objective import OtherObjective

tfd = tfp.distributions

SINKHORN_STEPS, REGULARIZATION = 50, 0.02  # of the plan of a minibatch; the second as a fraction of the mean cost


class FlowMatching(OtherObjective):
    """Trains a continuous flow on straight paths from data to latents; it is scored as always, by the solver.

        x = data, after the layers before the velocity field;  z = latent;  t = uniform(0, 1)
        in training:  output = -|velocity(t, (1 - t) * x + t * z) - (z - x)|^2 / dimension

    With `optimal_transport`, each event of a minibatch is paired with a latent of the minibatch by a transport plan of
    least cost, which makes paths straighter. The layers before the velocity field stay as they are initialized. Weights
    are those of the flow, and are saved as the flow's.

    Args:
        model: A flow whose last layer is its only continuous one, or a dequantized one.
        optimal_transport: Whether latents are paired with events.

    Raises:
        InputError: The model is not such a flow, or has a condition and `optimal_transport` is True.

    Source: Lipman et al., "Flow Matching for Generative Modeling" (2210.02747), conditional flow matching with the
    optimal transport path; Tong et al., "Improving and Generalizing Flow-Based Generative Models with Minibatch Optimal
    Transport" (2302.00482).
    Differs from the papers: sigma_min is 0, time runs from data to latent, and partners are drawn from the entropic
    plan of a minibatch on one replica.
    """

    def __init__(self, model: Flow | Dequantized, *, optimal_transport: bool = False, **kwargs: Any):
        super().__init__(model, progress="matching_error", **kwargs)
        flow = model.flow if isinstance(model, Dequantized) else model
        layers = flow.flow_layers if isinstance(flow, Flow) else []
        continuous = [layer for layer in layers if isinstance(layer, Continuous)]
        rule = "Expected a flow of vectors or images with one velocity field, as its last layer: ffjord with scales=1."
        check(len(continuous) == 1 and layers[-1] is continuous[0], rule, model=model.name, fields=len(continuous))
        rule = "Expected `optimal_transport` to be False with classes or a context: a plan would mix their latents."
        check(not (optimal_transport and model.event.condition_size), rule, optimal_transport=optimal_transport)
        self.flow = flow
        self.optimal_transport = optimal_transport

    @property
    def trainable_weights(self):
        # Only the velocity field is trained: the layers before it could lower the error by shrinking the data.
        return self.flow.flow_layers[-1].trainable_weights

    @property
    def trainable_variables(self):
        return self.trainable_weights

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The negative squared error of each row in training, and the log-likelihood otherwise."""
        if not training:
            return self.model.call(inputs)
        x, condition = self.model.checked(**(inputs if isinstance(inputs, dict) else {"x": inputs}))
        return -self.matching_error(x, condition, self.step_seed(training=True))

    def matching_error(self, x: tf.Tensor, condition: tf.Tensor | None, seed: tf.Tensor) -> tf.Tensor:
        """The squared error per dimension of each row, `[batch]`, with times and latents from `seed`."""
        seeds = noise.row_seeds(x, seed)
        if self.flow.condition_dropout:
            condition = some_hidden(condition, self.flow.condition_dropout, seeds)
        x = self.model.dequantize(x, seed) if isinstance(self.model, Dequantized) else x
        *before, field = self.flow.flow_layers
        x = tf.stop_gradient(self.flow.chain.between(0, len(before), tf.cast(x, self.flow.compute_dtype), condition))
        time, latent, partner = (noise.fold_in(seeds, noise.MATCHING - number) for number in range(3))
        t = noise.uniform(time, (1,), x.dtype)[:, 0]
        z = tf.reshape(self.flow.base_sample(latent), tf.shape(x))
        z = paired(x, z, partner) if self.optimal_transport else z
        return field.matching_error(x, z, t, condition) / self.event.size

    def progress_value(self, outputs):
        return -outputs

    def test_logs(self):
        return {"loss": self._loss_tracker.result()}  # the negative log-likelihood, which is not a matching error


def paired(x: tf.Tensor, z: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
    """For each event, a latent that is drawn from its row of the entropic transport plan of a minibatch.

    Args:
        x: Events, `[batch, *event]`.
        z: Latents, of the same shape.
        seeds: int32 `[batch, 2]`.
    """
    plan = transport_plan(*(tf.reshape(part, [tf.shape(part)[0], -1]) for part in (x, z)))
    partner = tf.reduce_sum(tf.cast(tf.cumsum(plan, axis=1) < noise.uniform(seeds, (1,), plan.dtype), tf.int32), axis=1)
    return tf.gather(z, tf.minimum(partner, tf.shape(z)[0] - 1))


def transport_plan(x: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """The entropic optimal transport plan between rows of equal mass, by Sinkhorn's iteration: `[batch, batch]`."""
    x, z = tf.cast(x, tf.float64), tf.cast(z, tf.float64)  # the range of float32 is too small for the kernel
    cost = tf.reduce_sum(x**2, 1)[:, None] + tf.reduce_sum(z**2, 1) - 2 * tf.matmul(x, z, transpose_b=True)
    unit = REGULARIZATION * tf.reduce_mean(cost) + 1e-12
    # Constants of rows and of columns do not change the plan; without them, the kernel of an outlier would be 0.
    cost -= tf.reduce_min(cost, axis=1, keepdims=True)
    cost -= tf.reduce_min(cost, axis=0)
    kernel = tf.exp(-cost / unit)
    columns = tf.ones_like(cost[0])
    for _ in range(SINKHORN_STEPS):
        rows = 1 / tf.linalg.matvec(kernel, columns)
        columns = 1 / tf.linalg.matvec(kernel, rows, transpose_a=True)
    plan = kernel * columns
    return plan / tf.reduce_sum(plan, axis=1, keepdims=True)
