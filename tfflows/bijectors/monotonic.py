"""Monotone networks of one variable: the deep sigmoidal flows of NAF."""

import dataclasses
import itertools
import math

import numpy as np
import tensorflow as tf

from tfflows.bijectors.elementwise import ScalarTransformer
from tfflows.bijectors.mixture import even_spread
from tfflows.bijectors.root import MonotonicBijector
from tfflows.bounds import soft_bound
from tfflows.costs import Cost
from tfflows.errors import check

SLOPE_BOUND = 30.0  # bound of a slope before its softplus, so that an input far outside the data has a finite score
UNIT = math.log(math.expm1(1.0))  # its softplus is 1


@dataclasses.dataclass(frozen=True)
class SigmoidLayer:
    """One layer, from `inputs` increasing functions of one variable to `outputs` of them.

        inner = a * (u @ x) + b;  F = w @ sigmoid(inner);  y = log(F) - log(1 - F)

    The rows of `u` and `w` are positive and add up to 1, and `a` is positive: each output increases with each input.

    Args:
        log_u: `[batch, ..., hidden, inputs, channels]`.
        log_a: `[batch, ..., hidden, channels]`.
        b: `[batch, ..., hidden, channels]`.
        log_w: `[batch, ..., outputs, hidden, channels]`.
    """

    log_u: tf.Tensor
    log_a: tf.Tensor
    b: tf.Tensor
    log_w: tf.Tensor

    def __call__(self, x: tf.Tensor, log_slope: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """`y` and the log of its derivative, from `x` and the log of its own, `[batch, ..., inputs, channels]`."""
        inner = tf.exp(self.log_a) * tf.reduce_sum(tf.exp(self.log_u) * x[..., None, :, :], axis=-2) + self.b
        log_inner_slope = self.log_a + log_matmul(self.log_u, log_slope)
        log_up, log_down = tf.math.log_sigmoid(inner), tf.math.log_sigmoid(-inner)
        log_cdf, log_survival = log_matmul(self.log_w, log_up), log_matmul(self.log_w, log_down)
        # sigmoid' = sigmoid * (1 - sigmoid), logit' = 1 / (F * (1 - F)): sums of logarithms, as each may round to 0.
        log_density = log_matmul(self.log_w, log_up + log_down + log_inner_slope)
        return log_cdf - log_survival, log_density - log_cdf - log_survival


def log_matmul(log_matrix: tf.Tensor, log_vector: tf.Tensor) -> tf.Tensor:
    """`log(exp(log_matrix) @ exp(log_vector))` over `[..., rows, columns, channels]` and `[..., columns, channels]`."""
    return tf.reduce_logsumexp(log_matrix + log_vector[..., None, :, :], axis=-2)


class Sigmoidal(MonotonicBijector):
    """Layers of sigmoids, one after the other; the first has one input, the last one output.

        inverse:  z = layers[-1](...layers[0](x))
        forward:  numerical, see `MonotonicBijector`
        log-det:  log |dz/dx|, by products of the layers' Jacobians in log space

    Args:
        layers: Layers, from data to latent.

    Source: Huang et al., "Neural Autoregressive Flows" (1804.00779), section 3 and the appendix on log-space
    computation, with the authors' code.
    Differs from the paper: nothing in the map; its code adds 1e-6 where this takes the logarithm of both tails.
    """

    def __init__(self, layers: list[SigmoidLayer]):
        super().__init__(name="sigmoidal")
        self.layers = layers

    def inverse_and_log_det(self, x):
        y, log_slope = x[..., None, :], tf.zeros_like(x)[..., None, :]
        for layer in self.layers:
            y, log_slope = layer(y, log_slope)
        return y[..., 0, :], log_slope[..., 0, :]


@dataclasses.dataclass(frozen=True)
class DeepSigmoidal(ScalarTransformer):
    """Deep sigmoidal flow (DSF): each layer goes from one number to one number, by `units` sigmoids.

        y = log(F) - log(1 - F),  F = sum(w * sigmoid(a * x + b)),  for each layer

    The conditioner outputs `b`, the logits of `w`, and pre-activations of `a`, to which a soft bound and a softplus are
    applied. Fixed offsets spread the units evenly over [-1, 1], since identical units would stay identical, and set
    their slopes to 1. A single unit starts as the identity.

    Args:
        units: Number of sigmoids in a layer.
        layers: Number of layers.

    Raises:
        InputError: `units` or `layers` is less than 1.

    Source: Huang et al., "Neural Autoregressive Flows" (1804.00779), section 3.
    Differs from the paper: all parameters come from the conditioner; the fixed spread is ours.
    """

    units: int = 8
    layers: int = 1
    forward_cost = Cost(root_search=True)

    def __post_init__(self):
        check(self.units >= 1, "Expected `units` to be 1 or more.", units=self.units)
        check(self.layers >= 1, "Expected `layers` to be 1 or more.", layers=self.layers)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return [(1, 1)] * self.layers

    @property
    def size(self):
        return sum(self.units * (inputs + 2 + outputs) for inputs, outputs in self._given)

    @property
    def _given(self):
        # A row of one weight is 1 whatever its logit, so the conditioner outputs none.
        return [(inputs if inputs > 1 else 0, outputs) for inputs, outputs in self.shapes]

    def __call__(self, parameters):
        sizes = [self.units * size for inputs, outputs in self._given for size in (inputs, 1, 1, outputs)]
        parts = iter(tf.split(parameters, sizes, axis=-2))
        return Sigmoidal([self._layer(*shape, *[next(parts) for _ in range(4)]) for shape in self.shapes])

    def _layer(self, inputs, outputs, u, a, b, w):
        places = tf.constant(even_spread(self.units)[:, None], b.dtype)
        slope = tf.nn.softplus(UNIT + soft_bound(a, SLOPE_BOUND))
        log_u = log_rows(u, self.units, inputs) if inputs > 1 else tf.zeros_like(b)[..., None, :]
        return SigmoidLayer(log_u, tf.math.log(slope), b - places, log_rows(w, outputs, self.units))


class DeepDenseSigmoidal(DeepSigmoidal):
    """Deep dense sigmoidal flow (DDSF): all layers but the first have `units` inputs, all but the last `units` outputs.

    As in `DeepSigmoidal`; the logits of the matrices are added to fixed ones that favor units at the same position.
    """

    @property
    def shapes(self):
        widths = [1, *[self.units] * (self.layers - 1), 1]
        return list(itertools.pairwise(widths))


def log_rows(logits: tf.Tensor, rows: int, columns: int) -> tf.Tensor:
    """Log of a matrix with positive rows that add up to 1, `[..., rows, columns, channels]`, from its logits.

    Fixed logits favor the columns at the position of the row: rows that start equal would stay equal.
    """
    shape = tf.concat([tf.shape(logits)[:-2], [rows, columns], tf.shape(logits)[-1:]], axis=0)
    distance = even_spread(rows)[:, None, None] - even_spread(columns)[:, None]
    nearness = -(distance**2) if rows > 1 else np.zeros_like(distance)  # a single row favors none
    return tf.nn.log_softmax(tf.reshape(logits, shape) + tf.constant(nearness, logits.dtype), axis=-2)
