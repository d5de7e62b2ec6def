"""Events, encoded and decoded."""

import dataclasses
from typing import Any

import tensorflow as tf

from tfflows import noise
from tfflows.models import GenerativeModel


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """Events after encoding and decoding.

    Args:
        events: `decode(encode(x))`, `[rows, *event]`: of a flow the events themselves, up to rounding; of an
            autoencoder those of the posterior's center.
        error: Mean absolute difference from the events, `[rows]`, in raw units.
        largest: Largest absolute difference, `[rows]`.
    """

    events: tf.Tensor
    error: tf.Tensor
    largest: tf.Tensor


def reconstruct(model: GenerativeModel, x: Any, label: Any = None, context: Any = None) -> Reconstruction:
    """Encodes and decodes events.

    Args:
        model: A model.
        x: Events, `[rows, *event]`.
        label: As in `encode`.
        context: As in `encode`.

    Raises:
        InputError: As in `encode`.
    """
    events = model.decode(model.encode(x, label, context), label, context)
    difference = tf.abs(tf.cast(events, tf.float64) - tf.cast(model.event.check(x), tf.float64))
    observed, axes = ~tf.math.is_nan(difference), range(1, difference.shape.rank)
    difference = tf.where(observed, difference, tf.zeros_like(difference))
    number = tf.reduce_sum(tf.cast(observed, difference.dtype), axis=axes)
    mean = tf.math.divide_no_nan(tf.reduce_sum(difference, axis=axes), number)
    return Reconstruction(events, mean, tf.reduce_max(difference, axis=axes))


def sample_reconstructions(
    model: GenerativeModel, x: Any, label: Any = None, context: Any = None, *, draws: int = 4, seed: Any = 0
) -> tf.Tensor:
    """Decodes latents that are drawn from the posterior of events, `[draws, rows, *event]`.

    For an autoencoder, this shows the uncertainty of the posterior; a flow of pixels draws only the dequantization
    noise, which decoding rounds away.

    Args:
        model: A model with random latents: an autoencoder, or a flow of pixels.
        x: Events, `[rows, *event]`.
        label: As in `encode`.
        context: As in `encode`.
        draws: Number of draws.
        seed: Seed of the draws.

    Raises:
        InputError: As in `encode`: the latent of a continuous event is exact in a flow.
    """
    seeds = noise.sample_seeds(seed, draws)
    latents = [model.encode(x, label, context, seed=one) for one in tf.unstack(seeds)]
    return tf.stack([model.decode(z, label, context) for z in latents])
