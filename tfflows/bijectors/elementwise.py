"""Scalar transformers: what a coupling or an autoregressive flow applies to one entry, given a few parameters.

A transformer says how many parameters it takes for each entry (`size`), and makes a bijector of scalars from
`parameters`, `[batch, ..., size, channels]`, for entries `[batch, ..., channels]`. The outputs of networks start near
zero, where every transformer is the identity or close to it.
"""

import abc
import dataclasses
import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.affine import Affine
from tfflows.bijectors.base import Bijector
from tfflows.bounds import BOUND, soft_bound
from tfflows.costs import Cost, combined
from tfflows.serialization import ConfigurableValue

tfb = tfp.bijectors

LEAST_LOGIT = -16.0  # of a sigmoid that scales: the other direction divides by the sigmoid, and must not overflow


class ScalarTransformer(ConfigurableValue, abc.ABC):
    """A family of scalar bijectors: a frozen dataclass, whose fields are its configuration."""

    # The cost of the direction from latent to data.
    forward_cost = Cost()

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Number of parameters for each entry."""

    @abc.abstractmethod
    def __call__(self, parameters: tf.Tensor) -> tfb.Bijector:
        """The bijector of scalars with these parameters, `[batch, ..., size, channels]`."""


class Shift(Bijector):
    """Adds `shift` on the way from latent to data; the log-det is 0.

        forward:  x = z + shift
        inverse:  z = x - shift

    Source: Dinh et al., "NICE" (1410.8516), the additive coupling law.
    """

    def __init__(self, shift: tf.Tensor):
        super().__init__(event_ndims=0, name="shift")
        self.shift = shift

    def forward_and_log_det(self, z):
        return z + self.shift, tf.zeros_like(z)

    def inverse_and_log_det(self, x):
        return x - self.shift, tf.zeros_like(x)


@dataclasses.dataclass(frozen=True)
class Additive(ScalarTransformer):
    """`z = x + shift`."""

    size = 1

    def __call__(self, parameters):
        return Shift(-parameters[..., 0, :])


@dataclasses.dataclass(frozen=True)
class BoundedAffine(ScalarTransformer):
    """`z = x * exp(s) + shift`, with `s = bound * tanh(log_scale / bound)`.

    Args:
        bound: Bound on the log-scale, so that an input far outside the data has a finite score.
    """

    bound: float = 3.0
    size = 2

    def __call__(self, parameters):
        log_scale, shift = tf.unstack(parameters, axis=-2)
        return Affine(shift, soft_bound(log_scale, self.bound))


@dataclasses.dataclass(frozen=True)
class SigmoidAffine(ScalarTransformer):
    """`z = x * factor * sigmoid(scale + offset) + shift`, which expands by less than `factor`.

    Args:
        offset: Added before the sigmoid; 2 in the authors' code of Glow, where a new layer then multiplies by 0.88.
        factor: Bound on the scale: 1 as in Glow, where a layer may only contract; 2 with offset 0 as in Jet, where a
            new layer does nothing.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), table 1, with the authors' code, which takes sigmoid(s + 2) for
    exp(log s) and multiplies after the shift, `z = (x + shift) * s`; Kolesnikov et al., "Jet: A Modern
    Transformer-Based Normalizing Flow" (2412.15129), the coupling, `z = (x + shift) * factor * sigmoid(s)`.
    Differs from Glow's code and from Jet: the shift comes after the scale, as in Glow's paper; and `scale + offset` is
    clipped at -16, as in `Gated`, so that neither direction overflows.
    """

    offset: float = 2.0
    factor: float = 1.0
    size = 2

    def __call__(self, parameters):
        scale, shift = tf.unstack(parameters, axis=-2)
        scale = tf.maximum(scale + self.offset, LEAST_LOGIT)
        return Affine(shift, tf.math.log_sigmoid(scale) + math.log(self.factor))


@dataclasses.dataclass(frozen=True)
class Gated(ScalarTransformer):
    """`z = sigma * x + (1 - sigma) * m`, with `sigma = sigmoid(s + bias)`: a gate between the entry and a proposal.

        forward:  x = (z - (1 - sigma) * m) / sigma
        inverse:  z = sigma * x + (1 - sigma) * m
        log-det:  log |dz/dx| = log sigma

    The parameters are `m` and `s`.

    Args:
        bias: Bias of the gate. The paper recommends a gate that is open at first, `s` about +1 to +2, so that new
            layers change little: at 2 they multiply by 0.88.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4,
    equations 12 to 14, and algorithm 1.
    Differs from the paper: the bias is added here and not in the network, whose outputs start at zero; and `s + bias`
    is clipped at -16, where `sigma` is negligible next to 1 in float32, so that neither direction overflows.
    """

    bias: float = 2.0
    size = 2

    def __call__(self, parameters):
        m, s = tf.unstack(parameters, axis=-2)
        s = tf.maximum(s + self.bias, LEAST_LOGIT)
        return Affine(m * tf.sigmoid(-s), tf.math.log_sigmoid(s))


@dataclasses.dataclass(frozen=True)
class Composed(ScalarTransformer):
    """Several transformers, applied one after another from data to latent.

    Args:
        transformers: Transformers, at least one.
    """

    transformers: tuple[ScalarTransformer, ...]

    @property
    def size(self):
        return sum(transformer.size for transformer in self.transformers)

    @property
    def forward_cost(self):
        return combined(transformer.forward_cost for transformer in self.transformers)

    def __call__(self, parameters):
        parts = tf.split(parameters, [transformer.size for transformer in self.transformers], axis=-2)
        scalars = [transformer(part) for transformer, part in zip(self.transformers, parts, strict=True)]
        return tfb.Chain(scalars, name="composed")


@dataclasses.dataclass(frozen=True)
class Gaussian(ScalarTransformer):
    """`z = (x - mean) * exp(-log_std)`: `x` is N(mean, exp(log_std)) where `z` is standard normal.

    Args:
        bound: Bound on the log standard deviation, which is `bound * tanh(log_std / bound)`.
    """

    bound: float = BOUND
    size = 2

    def __call__(self, parameters):
        mean, log_std = tf.unstack(parameters, axis=-2)
        log_scale = -soft_bound(log_std, self.bound)
        return Affine(-mean * tf.exp(log_scale), log_scale)
