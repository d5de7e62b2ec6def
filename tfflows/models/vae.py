"""Variational autoencoder: a Gaussian posterior and a standard normal prior, either of which may be made a flow."""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors.base import sum_event
from tfflows.bounds import soft_bound
from tfflows.events import Event
from tfflows.layers import Chain, FlowLayer
from tfflows.layers.base import build, check_needs_no_data
from tfflows.models.conditional import check_is_used
from tfflows.models.latent import Inference, LatentVariableModel
from tfflows.networks import Network


class VAE(LatentVariableModel):
    """A latent vector `z`, drawn from a prior and inferred by a network.

        features = encoder(x);  mean, log_std = dense(features)
        posterior:  z = f(mean + exp(log_std) * noise; features)
        prior:      z = g(noise)
        p(x | z):   the likelihood of the event, with the parameters `decoder(z)`

    `f` and `g` are flows, or the identity if they have no layers; if both are, the KL has a closed form. `f` uses its
    layers in the direction from data to latent and `g` in the other: training draws from the posterior and scores `z`
    under the prior, so both use the fast direction of layers that score in one pass.

    Args:
        event: What one data point is.
        encoder: Network `(x, context) -> features`, `[batch, size]`; its attribute `outputs` is their size.
        decoder: Network `(z, context) -> outputs`, unbuilt; the model makes its own copy.
        latents: Size of `z`.
        posterior: Layers of `f`, with the features as their context, from the Gaussian noise to `z`.
        prior: Layers of `g`, from `z` to its noise.
        **kwargs: As in `LatentVariableModel`.

    Raises:
        InputError: A layer of posterior or prior has weights that depend on data, such as those of `ActNorm`, or the
            event has a condition that no network takes.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114); flows in the posterior: Rezende and
    Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.2.
    Differs from the papers: log standard deviations are bounded, as `bounds.soft_bound(s)`.
    """

    def __init__(
        self,
        event: Event,
        *,
        encoder: Network,
        decoder: Network,
        latents: int,
        posterior: Sequence[FlowLayer] = (),
        prior: Sequence[FlowLayer] = (),
        **kwargs,
    ):
        super().__init__(event, **kwargs)
        self.latents = latents
        self.encoder, self.posterior, self.prior = encoder, Chain(posterior), Chain(prior)
        self.moments = keras.layers.Dense(2 * latents, kernel_initializer="zeros", dtype=self.dtype_policy)
        self.decoder = decoder.sized(self.likelihood.size * event.shape[-1])
        build(self.encoder, (None, *event.shape))
        self.moments.build((None, encoder.outputs))
        self.decoder.build((None, latents))
        self.posterior.build((None, latents))
        self.prior.build((None, latents))
        check_needs_no_data(self.posterior, "`posterior`")
        check_needs_no_data(self.prior, "`prior`")
        check_is_used(event.condition_size, encoder, self.decoder, self.prior)
        self.built = True

    @property
    def latent_shape(self):
        return (self.latents,)

    @property
    def inference_layers(self):
        return [self.encoder, self.moments, self.posterior]

    def recognize(self, x, context, *, training=False, seeds=None):
        features = self.encoder(x, context, training=training, seeds=seeds)
        mean, log_std = tf.split(tf.cast(self.moments(features), self.compute_dtype), 2, axis=-1)
        return tf.cast(features, self.compute_dtype), mean, soft_bound(log_std)

    def infer(self, features, context, seeds, *, training):
        features, mean, log_std = features
        e = tf.zeros_like(mean) if seeds is None else noise.normal(seeds, (self.latents,), mean.dtype)
        of_posterior, of_prior, of_decoder = (
            noise.training_seeds(seeds, stream, training=training)
            for stream in (noise.POSTERIOR, noise.PRIOR, noise.DECODER)
        )
        z, log_det = self.posterior.inverse_and_log_det(
            mean + tf.exp(log_std) * e, features, training=training, seeds=of_posterior
        )
        log_prior = self._log_prior(z, context, training=training, seeds=of_prior)
        log_ratio = log_normal(e) - sum_event(log_std, 1) - log_det - log_prior
        transformed = self.posterior.flow_layers or self.prior.flow_layers
        kl = log_ratio[:, None] if transformed else gaussian_kl(mean, log_std)
        return Inference(z, self.generate(z, context, training=training, seeds=of_decoder), log_ratio, kl)

    def _log_prior(self, z, context, **mode):
        e, log_det = self.prior.inverse_and_log_det(z, context, **mode)
        return log_normal(e) + log_det

    def latent_fn(self, seeds: tf.Tensor, temperature: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Latents `[n, latents]` from the prior."""
        e = noise.normal(seeds, (self.latents,), tf.as_dtype(self.compute_dtype))
        return self.prior.forward(temperature[:, None] * e, context)

    def draw(self, seeds, temperature, context):
        return self.generate(self.latent_fn(seeds, temperature, context), context)

    def generate(self, z, context, **mode):
        return tf.cast(self.decoder(z, context, **mode), self.compute_dtype)


def log_normal(e: tf.Tensor) -> tf.Tensor:
    """Log-density of each row of `e`, `[batch, size]`, under the standard normal."""
    return sum_event(-0.5 * (e**2 + math.log(2 * math.pi)), 1)


def gaussian_kl(mean: tf.Tensor, log_std: tf.Tensor) -> tf.Tensor:
    """`KL(N(mean, exp(log_std)**2) || N(0, 1))` of each entry, in nats.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114), appendix B.
    """
    return 0.5 * (mean**2 + tf.exp(2 * log_std) - 1) - log_std
