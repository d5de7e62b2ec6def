"""Variational autoencoder: a gaussian posterior and a normal prior, each of which flow layers may transform."""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors.base import sum_event
from tfflows.events import Event
from tfflows.layers import FlowLayer, passing
from tfflows.likelihoods import BOUND
from tfflows.models.latent import Inference, LatentVariableModel


class VAE(LatentVariableModel):
    """A latent vector `z`, drawn from a prior and inferred by a network.

        features = encoder(x);  mean, log_std = dense(features)
        posterior:  z = f(mean + exp(log_std) * noise; features)
        prior:      z = g(noise)
        p(x | z):   the likelihood of the event, with the numbers `decoder(z)`

    `f` and `g` are flows, or the identity where they have no layers; then the KL has a closed form. `f` goes from the
    data to the latent end of its layers and `g` the other way: a posterior only draws, and a prior scores in training.

    Args:
        event: What one data point is.
        encoder: Keras layer `(x, context) -> features`, `[batch, size]`; its attribute `outputs` is their size.
        decoder: From a number of outputs for each place of the event to a Keras layer `(z, context) -> outputs`.
        latents: Size of `z`.
        posterior: Layers of `f`, whose context are the features; from the gaussian's end to that of `z`.
        prior: Layers of `g`, from `z` to its noise.
        **kwargs: As in `LatentVariableModel`.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114); flows in the posterior: Rezende and
    Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.2.
    Differs from the papers: log-deviations are bounded, as `BOUND * tanh(s / BOUND)`.
    """

    def __init__(
        self,
        event: Event,
        *,
        encoder: keras.layers.Layer,
        decoder: Callable[[int], keras.layers.Layer],
        latents: int,
        posterior: Sequence[FlowLayer] = (),
        prior: Sequence[FlowLayer] = (),
        **kwargs,
    ):
        super().__init__(event, **kwargs)
        self.latents = latents
        self.encoder, self.posterior, self.prior = encoder, list(posterior), list(prior)
        self.moments = keras.layers.Dense(2 * latents, kernel_initializer="zeros")
        self.decoder = decoder(self.likelihood.size * event.shape[-1])
        self.encoder.build((None, *event.shape))
        self.moments.build((None, encoder.outputs))
        self.decoder.build((None, latents))
        passing.build(self.posterior, (None, latents))
        passing.build(self.prior, (None, latents))
        self.built = True

    @property
    def latent_shape(self):
        return (self.latents,)

    @property
    def inference_layers(self):
        return [self.encoder, self.moments, *self.posterior]

    def recognize(self, x, context):
        features = self.encoder(x, context)
        mean, log_std = tf.split(tf.cast(self.moments(features), self.compute_dtype), 2, axis=-1)
        return tf.cast(features, self.compute_dtype), mean, BOUND * tf.tanh(log_std / BOUND)

    def infer(self, features, context, seeds, *, training):
        features, mean, log_std = features
        e = tf.zeros_like(mean) if seeds is None else noise.normal(seeds, (self.latents,), mean.dtype)
        layer_seeds = seeds if training else None
        z, log_det = passing.towards_latent(self.posterior, mean + tf.exp(log_std) * e, features, layer_seeds)
        log_ratio = log_normal(e) - sum_event(log_std, 1) - log_det - self._log_prior(z, context, layer_seeds)
        kl = log_ratio[:, None] if self.posterior or self.prior else gaussian_kl(mean, log_std)
        return Inference(z, self.generate(z, context), log_ratio, kl)

    def _log_prior(self, z, context, seeds):
        e, log_det = passing.towards_latent(self.prior, z, context, seeds)
        return log_normal(e) + log_det

    def latent_fn(self, seeds: tf.Tensor, temperature: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Latents `[n, latents]` from the prior."""
        e = noise.normal(seeds, (self.latents,), tf.as_dtype(self.compute_dtype))
        return passing.towards_data(self.prior, temperature[:, None] * e, context)

    def draw(self, seeds, temperature, context):
        return self.generate(self.latent_fn(seeds, temperature, context), context)

    def generate(self, z, context):
        return tf.cast(self.decoder(z, context), self.compute_dtype)


def log_normal(e: tf.Tensor) -> tf.Tensor:
    """Standard normal log-density of each row of `e`, `[batch, size]`."""
    return sum_event(-0.5 * (e**2 + math.log(2 * math.pi)), 1)


def gaussian_kl(mean: tf.Tensor, log_std: tf.Tensor) -> tf.Tensor:
    """`KL(N(mean, exp(log_std)**2) || N(0, 1))` of each entry, in nats.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114), appendix B.
    """
    return 0.5 * (mean**2 + tf.exp(2 * log_std) - 1) - log_std
