"""Mixtures as families of scalar bijectors: the logit of a mixture's CDF, for any number of components."""

import abc
import dataclasses
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfflows.bijectors import leading
from tfflows.bijectors.elementwise import ScalarTransformer
from tfflows.bijectors.root import MonotonicBijector
from tfflows.bounds import soft_bound
from tfflows.costs import Cost
from tfflows.errors import check

# Log CDF, log of 1 - CDF, and log density of a standard component at u.
LogCdfSurvivalDensity = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]

LARGEST = 1e18  # standard deviations, whose square is finite in float32
FAR, TERMS = 4.0, 16  # where the tail of the error function becomes a continued fraction, and its length


class MixtureLogit(MonotonicBijector):
    """Maps data to the logit of its CDF under a mixture: with a logistic base, the data have the mixture density.

        u = (x - locations) * exp(-log_scales);  F = sum(weights * cdf(u));  S = 1 - F = sum(weights * cdf(-u))
        inverse:  z = log(F) - log(S)
        forward:  numerical, see `MonotonicBijector`
        log-det:  log |dz/dx| = log(density(x)) - log(F) - log(S)

    Both tails are sums of logarithms, so that neither rounds to 0. The values that are mapped have no more axes than
    `[batch, ..., channels]`.

    Args:
        logits: Logits of the weights, `[components, batch, ..., channels]`.
        locations: Locations, of the same shape, in units of the data.
        log_scales: Logs of the scales, of the same shape.
        standard: Log CDF, log of 1 - CDF, and log density of a standard component.

    Source: Ho et al., "Flow++" (1902.00275), section 3.2, for logistic components.
    Differs from the paper: nothing.
    """

    def __init__(
        self, logits: tf.Tensor, locations: tf.Tensor, log_scales: tf.Tensor, *, standard: LogCdfSurvivalDensity
    ):
        super().__init__(name="mixture_logit")
        self.log_weights = leading.log_softmax(logits)
        self.locations = locations
        self.log_scales = log_scales
        self.standard = standard

    def inverse_and_log_det(self, x):
        u = (x - self.locations) * tf.exp(-self.log_scales)
        log_cdf, log_survival, log_density = self.standard(u)
        log_cdf, log_survival = self._mix(log_cdf), self._mix(log_survival)
        return log_cdf - log_survival, self._mix(log_density - self.log_scales) - log_cdf - log_survival

    def _mix(self, log_values):
        return leading.log_sum_exp(self.log_weights + log_values)


@dataclasses.dataclass(frozen=True)
class Mixture(ScalarTransformer):
    """The logit of the CDF of a mixture; with a logistic base the density is the mixture's.

    The parameters of an entry are the logits of the weights, the locations and the log-scales, `components` of each.
    The locations are added to fixed ones, evenly spread over [-1, 1]: components that start equal, as those of a
    network with zero outputs do, would have equal gradients and stay equal forever. The log-scales are
    `bound * tanh(log_scale / bound)`.

    Args:
        components: Number of components, at least 1.
        bound: Bound on the log-scales, so that an input far outside the data has a finite score.

    Raises:
        InputError: `components` is less than 1.
    """

    components: int
    bound: float = 7.0
    forward_cost = Cost(root_search=True)

    def __post_init__(self):
        check(self.components >= 1, "Expected `components` to be 1 or more.", components=self.components)

    @property
    def size(self):
        return 3 * self.components

    @abc.abstractmethod
    def standard(self, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Log CDF, log of 1 - CDF, and log density at `u` of a component with location 0 and scale 1."""

    def __call__(self, parameters):
        parameters = leading.parameters_first(parameters)
        logits, locations, log_scales = tf.split(parameters, 3, axis=0)
        spread = even_spread(self.components).reshape([-1] + [1] * (parameters.shape.rank - 1))
        spread = tf.constant(spread, parameters.dtype)
        log_scales = soft_bound(log_scales, self.bound)
        return MixtureLogit(logits, locations + spread, log_scales, standard=self.standard)


def even_spread(number: int) -> np.ndarray:
    """`number` evenly spaced values from -1 to 1; 0 if there is only one."""
    return np.linspace(-1.0, 1.0, number) if number > 1 else np.zeros(1)


class MixtureOfLogistics(Mixture):
    """`Mixture` of logistic distributions; with one component of scale 1, the identity."""

    def standard(self, u):
        log_cdf, log_survival = tf.math.log_sigmoid(u), tf.math.log_sigmoid(-u)
        return log_cdf, log_survival, log_cdf + log_survival


class MixtureOfGaussians(Mixture):
    """`Mixture` of normal distributions; inputs more than `LARGEST` deviations away have the density there."""

    def standard(self, u):
        u = tf.clip_by_value(u, -LARGEST, LARGEST)
        return *log_normal_tails(u), -0.5 * (u**2 + math.log(2 * math.pi))


@tf.custom_gradient
def log_normal_tails(u: tf.Tensor) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable]:
    """Log of the standard normal CDF at `u` and at `-u`: finite, with finite gradients, up to `LARGEST`."""
    scaled = scaled_erfc(tf.abs(u) / math.sqrt(2.0))
    small = tf.math.log(0.5 * scaled) - 0.5 * u**2
    large = tf.math.log1p(-tf.exp(small))
    negative = u < 0

    def gradient(upstream, upstream_of_survival):
        # Density over CDF, in which exp(-u**2 / 2) cancels where both are 0 in floating point.
        steep = math.sqrt(2 / math.pi) / scaled
        flat = tf.exp(-0.5 * u**2 - large) / math.sqrt(2 * math.pi)
        slopes = tf.where(negative, steep, flat), tf.where(negative, flat, steep)
        return upstream * slopes[0] - upstream_of_survival * slopes[1]

    return (tf.where(negative, small, large), tf.where(negative, large, small)), gradient


def scaled_erfc(y: tf.Tensor) -> tf.Tensor:
    """`exp(y**2) * erfc(y)` for `y >= 0`.

    The same as `tfp.math.erfcx`, with far fewer operations: a numerical inverse pays for them in each of its steps. For
    large `y` it is Laplace's continued fraction.
    """
    near, far = tf.minimum(y, FAR), tf.maximum(y, FAR)
    fraction = far
    for term in range(TERMS, 0, -1):
        fraction = far + 0.5 * term / fraction
    return tf.where(y < FAR, tf.exp(near**2) * tf.math.erfc(near), 1 / (math.sqrt(math.pi) * fraction))
