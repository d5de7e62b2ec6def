"""Scores of pixels in the unit of "Masked Autoregressive Flow for Density Estimation" (1705.07057), table 2."""

import numpy as np
import tensorflow as tf

from tfflows.bijectors import Logit
from tfflows.datasets import Data
from tfflows.events import Event
from tfflows.models.dequantized import ALPHA

UNIT = "nats in logit space"


def score(nats: np.ndarray, data: Data) -> tuple[float, float]:
    """The mean log-density of the logits of the test set, and its standard error.

        log p(z) = log p(x) - log |dz/dx|,    z = logit(ALPHA + (1 - 2 * ALPHA) * x / 256)

    The log-determinant of each image is that with one draw of uniform noise for each pixel.

    Args:
        nats: Log-likelihood of each image of the test set, in raw units.
        data: The dataset.
    """
    random, log_dets = np.random.default_rng(0), []
    for batch in data.test.events().batch(500).as_numpy_iterator():
        x = tf.constant(batch["x"] + random.uniform(size=batch["x"].shape))
        log_det = logit(data.event).inverse_log_det_jacobian(x, event_ndims=len(data.event.shape))
        log_dets.append(log_det.numpy())
    scores = nats - np.concatenate(log_dets)
    return float(scores.mean()), float(scores.std() / len(scores) ** 0.5)


def vectors(x: np.ndarray, event: Event, random: np.random.Generator) -> np.ndarray:
    """The logits `z` of images `x`, flat, with one draw of uniform noise for each pixel."""
    return logit(event).inverse(tf.constant(x + random.uniform(size=x.shape))).numpy().reshape(len(x), -1)


def logit(event: Event) -> Logit:
    """The map of pixels with noise to the logit space."""
    return Logit(high=float(event.levels), alpha=ALPHA)
