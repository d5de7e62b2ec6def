"""Scores of pixels in the unit of "Masked Autoregressive Flow for Density Estimation" (1705.07057), table 2."""

import numpy as np
import tensorflow as tf

from tfflows import datasets
from tfflows.bijectors import Logit
from tfflows.events import Event
from tfflows.models.dequantized import ALPHA

UNIT = "nats in logit space"


def score(nats: float, dataset: str) -> float:
    """A score of pixels, nats per image in raw units, as the mean log-density of their logits.

        log p(z) = log p(x) - log |dz/dx|,    z = logit(ALPHA + (1 - 2 * ALPHA) * x / 256)

    The log-determinant is that of the test set with one draw of uniform noise for each pixel.
    """
    data = datasets.load(dataset)
    random, log_dets = np.random.default_rng(0), []
    for batch in data.test.events().batch(500).as_numpy_iterator():
        x = tf.constant(batch["x"] + random.uniform(size=batch["x"].shape))
        log_dets.append(logit(data.event).inverse_log_det_jacobian(x, event_ndims=3).numpy())
    return nats - float(np.mean(np.concatenate(log_dets)))


def vectors(x: np.ndarray, event: Event, random: np.random.Generator) -> np.ndarray:
    """The logits `z` of images `x`, flat, with one draw of uniform noise for each pixel."""
    return logit(event).inverse(tf.constant(x + random.uniform(size=x.shape))).numpy().reshape(len(x), -1)


def logit(event: Event) -> Logit:
    """The map of pixels with noise to the logit space."""
    return Logit(high=float(event.levels), alpha=ALPHA)
