"""Samples of a flow that was trained on noisy pixels, without the noise."""

from typing import Any

import tensorflow as tf

from tfflows import noise, values
from tfflows.errors import check
from tfflows.models import Dequantized


def denoise(
    model: Dequantized,
    n: int,
    label: Any = None,
    context: Any = None,
    *,
    input_noise: float,
    seed: Any = None,
    temperature: Any = 1.0,
) -> tf.Tensor:
    """Draws events of a flow that was trained with `input_noise`, and removes the noise.

        y = sample,  x = y + s^2 * grad log p(y),  with s = input_noise * levels / 2

    This is the mean of the pixels given the noisy ones (Tweedie's formula), if `p` is the density of noisy pixels. The
    result is not a sample of `p`: its distribution has no density that the model knows.

    Args:
        model: A flow of pixels.
        n: Number of events.
        label: As in `sample`.
        context: As in `sample`.
        input_noise: The noise of its training, `train.input_noise`.
        seed: As in `sample`.
        temperature: As in `sample`.

    Returns:
        Pixels `[n, *event]`, of the event's dtype.

    Raises:
        InputError: `model` is not a flow of pixels, `input_noise` is negative, or as in `sample`.

    Source: Zhai et al., "Normalizing Flows are Capable Generative Models" (2412.06329), score-based denoising.
    Differs from the paper: nothing.
    """
    check(isinstance(model, Dequantized), "Expected `model` to be a flow of pixels.", model=type(model).__name__)
    check(input_noise >= 0, "Expected `input_noise` to be 0 or more.", input_noise=input_noise)
    n = values.check_count("n", n)
    seeds, temperature = noise.sample_seeds(seed, n), noise.temperatures(temperature, n)
    condition = model.check_condition(label, context, n)
    # A tensor: a number of Python would be traced anew for each value.
    scale = tf.constant(0.5 * model.event.levels * input_noise, model.compute_dtype)
    return model.cached_function("denoise", _denoised_samples(model))(seeds, temperature, condition, scale)


def _denoised_samples(model):
    def function(seeds, temperature, condition, scale):
        y = model.flow.sample_fn(seeds, temperature, condition)
        with tf.GradientTape() as tape:
            tape.watch(y)
            log_prob = model.flow.log_density(y, condition)
        denoised = y + scale**2 * tape.gradient(log_prob, y)
        # As in the model's own samples: a draw that overflows at a high temperature becomes 0.
        return model.pixels(tf.where(tf.math.is_nan(denoised), tf.zeros_like(denoised), denoised))

    return function
