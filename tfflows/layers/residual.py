"""The layer of residual flows."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import bijectors, noise
from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.layers.base import FlowLayer
from tfflows.networks import LipschitzNet

LOG_DETS = ("exact", "estimate")
EXACT_TERMS = {True: 2, False: 20}  # of the series, in training and in evaluation: in the authors' code, one more
CELLS = 23  # the logarithm to base 2 of the number of cells of `noise.uniform`


class Residual(FlowLayer):
    """`bijectors.Residual`: adds the output of a network with a Lipschitz constant below 1.

        inverse:  z = x + network(x)
        forward:  x = z - network(x), by iteration

    The log-det is exact, for vectors, or an unbiased estimate, in training and evaluation. The noise of the estimate is
    that of each row's seed; without seeds, where only the point is asked for, all rows have the same. At most 46 terms
    follow those that are always computed: 2 in training and 20 in evaluation.

    Args:
        network: Unbuilt network; the layer makes its own copy.
        log_det: `"exact"`, at the cost of one derivative for each dimension, or `"estimate"`, for large events.

    Raises:
        InputError: `log_det` is none of these, or is exact for events that are not vectors.

    Source: Chen et al., "Residual Flows for Invertible Generative Modeling" (1906.02735).
    Differs from the paper: Rademacher noise in place of Gaussian noise as the probe, which lowers the variance of the
    estimate; see `bijectors.Residual` and `networks.LipschitzNet`.
    """

    forward_cost, inverse_cost = Cost("fixed point"), Cost("derivatives")
    is_function_of_weights = True

    def __init__(self, network: LipschitzNet, *, log_det: str = "exact", **kwargs: Any):
        super().__init__(**kwargs)
        check_choice("log_det", log_det, LOG_DETS)
        self.log_det = log_det
        self.estimates = log_det == "estimate"
        self._template = lambda: network  # a template, whose state is not part of this layer

    def build(self, input_shape):
        self.shape = tuple(input_shape[1:])
        rule = "Expected log_det='estimate' for events that are not vectors."
        check(self.estimates or len(self.shape) == 1, rule, log_det=self.log_det, shape=self.shape)
        self.network = self._template().sized(input_shape[-1])
        self.network.build(input_shape)

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Residual(
            self.network.prepared(),
            event_ndims=len(self.shape),
            lipschitz=self.network.lipschitz,
            context=self.network.shift(context),
            draw=(lambda x: self._roulette(x, seeds, training=training)) if self.estimates else None,
        )

    def _roulette(self, x, seeds, *, training):
        seeds = tf.zeros([tf.shape(x)[0], 2], tf.int32) if seeds is None else seeds
        size, dtype = int(np.prod(self.shape)), x.dtype
        uniform = noise.uniform(seeds, (size + 2,), dtype)
        probe = tf.reshape(tf.sign(uniform[:, 2:] - 0.5), [-1, *self.shape])
        return bijectors.RussianRoulette(probe, number_of_flips(uniform[:, 0], uniform[:, 1]), EXACT_TERMS[training])


def number_of_flips(*uniform: tf.Tensor) -> tf.Tensor:
    """A number that is at least k with probability 2^-k, int32 `[batch]`, from numbers of `noise.uniform`.

    Each of these numbers can tell up to 23 flips of a coin; the next one is used if all of them came up heads.
    """
    total, goes_on = 0, True
    for each in uniform:
        flips = tf.minimum(tf.cast(tf.floor(-tf.math.log(each) / np.log(2.0)), tf.int32), CELLS)
        total += tf.where(goes_on, flips, 0)
        goes_on &= flips == CELLS
    return total
