"""Attributes of images, changed by moving their latents."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.errors import check
from tfflows.models import GenerativeModel

Batch = tuple[np.ndarray, np.ndarray]


def attribute_vectors(
    model: GenerativeModel, batches: Iterable[Batch], *, progress: Callable[[int], Any] | None = None
) -> np.ndarray:
    """The direction of each attribute in the space of latents.

        z_attribute = mean(z of events with the attribute) - mean(z of events without it)

    Args:
        model: A model without a condition.
        batches: Events `[batch, *event]`, and which attributes they have, bool `[batch, attributes]`.
        progress: Function that is called with the number of events of each batch.

    Returns:
        float32 `[attributes, *latent]`.

    Raises:
        InputError: The model is conditional, or all events have an attribute, or none has it.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 5, semantic manipulation.
    Differs from the paper: nothing.
    """
    rule = (
        "Expected a model without a condition: a conditional one is edited by decoding with another label or context."
    )
    check(model.event.condition_size == 0, rule, model=model.name, classes=model.event.classes)
    sums, counts = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
    for x, attributes in batches:
        z = model.encode(x).numpy().astype(np.float64)
        for side in sums:
            has = (np.asarray(attributes, bool) == side).astype(np.float64)
            sums[side] = sums[side] + np.tensordot(has, z, (0, 0))
            counts[side] = counts[side] + has.sum(0)
        if progress:
            progress(len(z))
    rule = "Expected events with each attribute, and others without it."
    check(bool(np.all(counts[True] > 0) and np.all(counts[False] > 0)), rule, events_with_it=counts[True].tolist())
    means = {side: sums[side] / counts[side].reshape(-1, *[1] * (sums[side].ndim - 1)) for side in sums}
    return (means[True] - means[False]).astype(np.float32)


def edit(model: GenerativeModel, x: Any, direction: Any, *, strengths: Sequence[float]) -> tf.Tensor:
    """Events with less and with more of an attribute.

        x' = decode(encode(x) + strength * direction)

    Args:
        model: A model without a condition.
        x: Events, `[rows, *event]`.
        direction: The direction of an attribute, `[*latent]`, from `attribute_vectors`.
        strengths: Multiples of the direction; 0 for the events themselves.

    Returns:
        Events `[rows, strengths, *event]`.

    Raises:
        InputError: As in `encode`.
    """
    z = model.encode(x)
    direction = tf.cast(direction, z.dtype)
    return tf.stack([model.decode(z + strength * direction) for strength in strengths], axis=1)
