"""Reverse KL: fits a flow to an unnormalized density, by scoring the flow's own draws."""

from typing import Any

import tensorflow as tf

from tfflows import noise
from tfflows.errors import check
from tfflows.models.flow import Flow
from tfflows.models.other_objective import OtherObjective
from tfflows.targets import Target


class ReverseKL(OtherObjective):
    """Scores a flow's own draws: the mean negative output is the reverse KL to the target, up to the constant log Z.

        x, log q(x) = flow(seeds);  log_weight = log p(x) - log q(x)
        mean(log_weight) = log Z - KL(q || p / Z)       the ELBO, a lower bound on log Z
        in training:  beta * log p(x) - log q(x),  beta = min(1, 0.01 + t / anneal_steps) at step t = 1, 2, ...

    Gradients pass through the draws. Weights are those of the flow, and are saved as the flow's.

    Args:
        flow: The flow to fit, of any architecture with an exact density.
        target: The density to fit it to.
        anneal_steps: Number of steps over which `beta` rises to 1; 1 for no annealing.

    Raises:
        InputError: The model has no exact density, its events are not those of the target, or it needs a label.

    Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.2; the schedule
    of beta, with anneal_steps = 10,000: section 6.
    Differs from the paper: t counts from 1, so that `anneal_steps=1` means no annealing.
    """

    def __init__(self, flow: Flow, target: Target, *, anneal_steps: int = 1, **kwargs: Any):
        super().__init__(flow, progress="elbo", **kwargs)
        rule = "Expected a flow for a target: it must score what it draws, and this model has no exact density."
        check(isinstance(flow, Flow) and not flow.estimates, rule, model=flow.name)
        rule = f"Expected a flow of the target's events, of shape {list(target.event.shape)} and without labels."
        check(flow.event == target.event, rule, event=flow.event.to_dict())
        self.flow = flow
        self.target = target
        self.anneal_steps = anneal_steps

    def initialize(self, seeds: tf.Tensor, *, seed: int = 0) -> None:
        """Sets the data-dependent weights from samples of the base, so that the flow starts near the identity."""
        x = self.flow.base_sample(noise.row_seeds(seeds, noise.seed_pair(seed)))
        self.flow.chain.initialize(x)

    def nats_fn(self, batch: dict[str, tf.Tensor], seed: tf.Tensor, num_importance_samples: int = 1) -> tf.Tensor:
        """Log-weights `[batch]` of the draws of `{"seeds": int32 [batch, 2]}`, in nats."""
        rule = "Expected `num_importance_samples` to be 1: all draws together estimate log Z."
        check(num_importance_samples == 1, rule, num_importance_samples=num_importance_samples)
        return self._log_weights(noise.row_seeds(batch["seeds"], seed))

    def _log_weights(self, seeds, beta=1.0, *, training=False):
        x, log_q = self.flow.sample_and_log_prob_fn(seeds, training=training)
        return beta * self.target.log_density(x) - log_q

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Log-weights `[batch]`; in training they are annealed, and each step uses fresh draws."""
        seeds = noise.row_seeds(inputs["seeds"], self.step_seed(training=training))
        # A training loop of the user's own has no annealing.
        beta = self.beta(tf.cast(self.optimizer.iterations, tf.int32)) if self.in_train_step else 1.0
        return self._log_weights(seeds, beta, training=training)

    def beta(self, step: tf.Tensor) -> tf.Tensor:
        """The inverse temperature after `step` steps."""
        t = tf.cast(step, self.flow.compute_dtype) + 1
        return tf.minimum(0.01 + t / self.anneal_steps, 1.0)

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Does nothing: no layer uses batch statistics when it samples."""
