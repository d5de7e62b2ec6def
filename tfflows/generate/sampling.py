"""Samples at several temperatures."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfflows import noise
from tfflows.models import GenerativeModel

# Those of figure 8 of "Glow: Generative Flow with Invertible 1x1 Convolutions" (1807.03039).
TEMPERATURES = (0.0, 0.25, 0.6, 0.7, 0.8, 0.9, 1.0)


def at_temperatures(
    model: GenerativeModel,
    n: int,
    label: Any = None,
    context: Any = None,
    *,
    temperatures: Sequence[float] = TEMPERATURES,
    seed: Any = 0,
) -> tf.Tensor:
    """Samples at several temperatures, from the same noise at each.

        p_T(x) = base(z / T) / T^D * |det dz/dx|,    z = f^-1(x)

    If the log-determinant is constant, as in flows of additive couplings, and the base is normal, this is the density
    that is proportional to `p(x)^(1 / T^2)`; in other flows it is not.

    Args:
        model: A model.
        n: Number of samples at each temperature.
        label: As in `sample`.
        context: As in `sample`.
        temperatures: Factors of the latent noise.
        seed: As in `sample`.

    Returns:
        Events `[temperatures, n, *event]`.

    Raises:
        InputError: As in `sample`.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 6 and figure 8.
    Differs from the paper: nothing.
    """
    seed = noise.given_or_new(seed)
    return tf.stack([model.sample(n, label, context, seed=seed, temperature=value) for value in temperatures])
