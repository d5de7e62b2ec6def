"""Latent-variable models: the bound on their density, and the training objective."""

import abc
import dataclasses
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.events import Event
from tfflows.layers import ActNorm, Chain
from tfflows.layers.batchnorm import mean_of_all_rows
from tfflows.likelihoods import likelihood
from tfflows.models.assertions import finite
from tfflows.models.base import GenerativeModel
from tfflows.models.objective import RecentMean, importance_weighted


@dataclasses.dataclass(frozen=True)
class Inference:
    """One draw `z ~ q(z | x)` and its KL terms.

    Args:
        z: The latents, `[batch, *latent]`.
        outputs: The decoder's outputs for `z`, the parameters of the likelihood.
        log_ratio: `log q(z | x) - log p(z)` at this `z`, `[batch]`.
        kl: The mean of `log_ratio` over `q` if there is a closed form, else `log_ratio` itself, for each group of
            latents that shares its free bits, `[batch, groups]`.
    """

    z: tf.Tensor
    outputs: tf.Tensor
    log_ratio: tf.Tensor
    kl: tf.Tensor


class LatentVariableModel(GenerativeModel):
    """The density `p(x) = integral of p(x | z) p(z) dz`, bounded by a posterior `q(z | x)`.

        log p(x) >= E[log mean_k(w_k)],  w_k = p(x | z_k) p(z_k) / q(z_k | x),  z_1..z_K ~ q(z | x)

    With K = 1 this is the ELBO, `E[log p(x | z)] - KL(q(z | x) || p(z))`; with larger K it is closer to log p(x). In
    training, `beta * max(free_bits, mean KL)` replaces the KL of each group of latents, where the mean is over the
    global batch and `beta` rises from 0 to 1.

    Real events are standardized first, by statistics that `initialize` computes from data; the score accounts for it.

    Args:
        event: What one data point is; it determines the likelihood: Bernoulli, discretized logistic or Gaussian.
        free_bits: Nats that a group of latents may use at no cost in training.
        kl_warmup_steps: Number of steps of `fit` over which `beta` rises to 1; in other training loops it is 1.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114), section 2.2; importance weights: Burda
    et al., "Importance Weighted Autoencoders" (1509.00519), section 3; free bits: Kingma et al., "Improved Variational
    Inference with Inverse Autoregressive Flow" (1606.04934), appendix C.8.
    Differs from the papers: nothing.
    """

    is_bound = True

    def __init__(self, event: Event, *, free_bits: float = 0.0, kl_warmup_steps: int = 1, **kwargs):
        super().__init__(event, **kwargs)
        self.free_bits = free_bits
        self.kl_warmup_steps = kl_warmup_steps
        self.likelihood = likelihood(event)
        self.standardize = Chain([] if event.discrete else [ActNorm()])
        self.standardize.build((None, *event.shape))
        self._kl = RecentMean(name="kl")
        self.trained_model = lambda: self  # the model whose optimizer counts the steps, if this one is a part of it

    # What an architecture provides: networks and the order in which they are called.

    @abc.abstractmethod
    def recognize(
        self, x: tf.Tensor, context: tf.Tensor | None, *, training: bool = False, seeds: tf.Tensor | None = None
    ) -> Sequence[tf.Tensor]:
        """Features of events of scale 1, computed once before latents are drawn, however many draws follow."""

    @abc.abstractmethod
    def infer(
        self, features: Sequence[tf.Tensor], context: tf.Tensor | None, seeds: tf.Tensor | None, *, training: bool
    ) -> Inference:
        """A draw from the posterior with the seed of each row; the posterior's center if `seeds` is None."""

    @abc.abstractmethod
    def draw(self, seeds: tf.Tensor, temperature: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """The decoder's outputs for a latent from the prior, whose noise is multiplied by `temperature`, `[n]`."""

    @abc.abstractmethod
    def generate(self, z: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """The decoder's outputs for a latent."""

    @property
    @abc.abstractmethod
    def inference_layers(self) -> list[keras.layers.Layer]:
        """Layers of the posterior only: an E-step trains them, an M-step all others."""

    # Whether executions alternate between an E-step, which trains the posterior, and an M-step, which trains the rest.
    variational_em = False

    @property
    def trained_in_turn(self):
        if not self.variational_em:
            return ()
        posterior = [variable for layer in self.inference_layers for variable in layer.trainable_variables]
        known = {id(variable) for variable in posterior}
        return posterior, [variable for variable in self.trainable_variables if id(variable) not in known]

    # The interface of `GenerativeModel`.

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        inferred = self._inferred(x, condition, seed, training=training)
        if num_importance_samples == 1:
            found, reconstruction = inferred(seed)
            return reconstruction - self._cost(found.kl, training=training)
        dtype = tf.as_dtype(self.compute_dtype)
        return importance_weighted(lambda seed: _log_weight(*inferred(seed)), seed, num_importance_samples, dtype)

    def log_weight_fn(self, x, condition, seed):
        return _log_weight(*self._inferred(x, condition, seed, training=False)(seed))

    def _inferred(self, x, condition, seed, *, training):
        """A function of a seed: a draw from the posterior, and the log-likelihood of `x` given it.

        `seed` is that of the dropout of the encoder, in training.
        """
        scaled, log_det = self._scaled(x)
        seeds = noise.fold_in(noise.row_seeds(x, seed), noise.ENCODER) if training else None
        features = self.recognize(scaled, condition, training=training, seeds=seeds)

        def inferred(seed):
            found = self.infer(features, condition, noise.row_seeds(x, seed), training=training)
            return found, self._log_likelihood(found.outputs, x, scaled) + log_det

        return inferred

    def sample_fn(self, seeds, temperature, condition):
        outputs = finite(self.draw(seeds, tf.cast(temperature, self.compute_dtype), condition))
        u = noise.uniform(noise.fold_in(seeds, noise.OBSERVATION), self.event.shape, outputs.dtype)
        return self._raw(self.likelihood.quantile(outputs, u))

    def encode_fn(self, x, condition, seed=None):
        seeds = None if seed is None else noise.row_seeds(x, seed)
        return self.infer(self.recognize(self._scaled(x)[0], condition), condition, seeds, training=False).z

    def decode_fn(self, z, condition):
        return self._raw(self.likelihood.center(finite(self.generate(z, condition))))

    def initialize(self, x, label=None, context=None, *, seed=0):
        x, _ = self.checked(x, label, context)
        self.standardize.initialize(tf.cast(x, self.compute_dtype))

    @property
    def weights_are_set(self):
        return self.standardize.initialized

    @property
    def layer_metrics(self):
        return [self._kl]

    def _scaled(self, x):
        """Events at scale 1, and the log-determinant of this map."""
        if self.event.discrete:
            x = tf.cast(x, self.compute_dtype) / (self.event.levels - 1) - 0.5
            return x, tf.zeros(tf.shape(x)[:1], x.dtype)
        return self.standardize.inverse_and_log_det(tf.cast(x, self.compute_dtype))

    def _raw(self, x):
        return tf.cast(x if self.event.discrete else self.standardize.forward(x), self.event.dtype)

    def _log_likelihood(self, outputs, x, scaled):
        return self.likelihood.log_prob(outputs, tf.cast(x, scaled.dtype) if self.event.discrete else scaled)

    def _cost(self, kl, *, training):
        """The KL term of the objective for each row, `[batch]`, from the KL of its groups."""
        if not training:
            return tf.reduce_sum(kl, axis=-1)
        self._kl.update_state(tf.reduce_sum(kl, axis=-1))
        if self.free_bits > 0:  # an estimate of the KL of a flow may be negative, and its gradient counts
            # Rows of a group below the threshold cost it, without a gradient: the mean is max(mean, threshold).
            kl = tf.where(mean_of_all_rows(kl) > self.free_bits, kl, tf.cast(self.free_bits, kl.dtype))
        return self._beta(kl.dtype) * tf.reduce_sum(kl, axis=-1)

    def _beta(self, dtype):
        model = self.trained_model()
        if not model.in_train_step:
            return tf.ones([], dtype)
        step = tf.cast(tf.convert_to_tensor(model.optimizer.iterations), dtype)
        return tf.minimum(tf.ones([], dtype), (step + 1) / self.kl_warmup_steps)


def _log_weight(found, reconstruction):
    return reconstruction - found.log_ratio
