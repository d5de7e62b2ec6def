"""The base class of bijectors: point and log-determinant are computed together, once for each tensor.

They are cached because TFP asks for them in two calls: without the cache, the network of each layer would run once for
the point and once more for the log-determinant.
"""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

tfb = tfp.bijectors


class Bijector(tfb.Bijector):
    """A TFP bijector made of two methods, each of which runs its networks once.

    A subclass implements

        forward_and_log_det(z) -> x, log |det dx/dz|     latent to data
        inverse_and_log_det(x) -> z, log |det dz/dx|     data to latent

    The pair that is computed for a tensor is cached. A bijector lives for one call of a layer, and so does its cache.

    Args:
        event_ndims: Rank of the data event; 0 for a bijector of scalars, whose log-determinants broadcast to the shape
            of its input.
        latent_ndims: Rank of the latent event, `event_ndims` unless given.
        name: Name scope of the operations.
    """

    def __init__(self, *, event_ndims: int, latent_ndims: int | None = None, name: str):
        super().__init__(
            forward_min_event_ndims=event_ndims if latent_ndims is None else latent_ndims,
            inverse_min_event_ndims=event_ndims,
            parameters={},
            name=name,
        )
        forward_memo: dict = {}
        inverse_memo: dict = {}
        # Closures, not attributes: tf.Module would wrap a dict to track its contents.
        self._forward_pair = lambda z: _remembered(self.forward_and_log_det, z, forward_memo, inverse_memo)
        self._inverse_pair = lambda x: _remembered(self.inverse_and_log_det, x, inverse_memo, forward_memo)

    def forward_and_log_det(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Latent to data: `x` and `log |det dx/dz|`."""
        raise NotImplementedError

    def inverse_and_log_det(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Data to latent: `z` and `log |det dz/dx|`."""
        raise NotImplementedError

    def _forward(self, z):
        return self._forward_pair(z)[0]

    def _forward_log_det_jacobian(self, z):
        return self._forward_pair(z)[1]

    def _inverse(self, x):
        return self._inverse_pair(x)[0]

    def _inverse_log_det_jacobian(self, x):
        return self._inverse_pair(x)[1]

    # TFP compares bijectors by their parameters, at a cost exponential in the depth of their nesting; each of these
    # equals only itself.
    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        del dtype, num_classes
        return {}


def _remembered(function: Callable, x: tf.Tensor, memo: dict, opposite: dict) -> tuple[tf.Tensor, tf.Tensor]:
    if x.ref() not in memo:
        y, log_det = function(x)
        memo[x.ref()] = y, log_det
        # tfd.TransformedDistribution takes a density from log |dx/dz| at the latent that it just computed.
        opposite[y.ref()] = x, -log_det
    return memo[x.ref()]


def sum_event(x: tf.Tensor, event_ndims: int) -> tf.Tensor:
    """Sum over the last `event_ndims` axes."""
    return tf.reduce_sum(x, axis=list(range(-event_ndims, 0)))
