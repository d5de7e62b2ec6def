"""Block neural autoregressive map: one network, monotone in each entry, instead of a network that outputs another."""

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from tfflows.bijectors.base import Bijector, sum_event
from tfflows.bijectors.root import increasing_root
from tfflows.bounds import soft_bound


@dataclasses.dataclass(frozen=True)
class BlockAffine:
    """An affine map of `inputs` numbers to `outputs` numbers for each entry; its matrix is block lower triangular.

        y[i] = x[i] @ diagonal[i] + sum(x[j] @ lower[j, i] for j < i) + bias[i]

    The diagonal blocks are positive: `y[i]` increases with each number of its entry.

    Args:
        log_diagonal: Logarithms of the diagonal blocks, `[dimension, inputs, outputs]`.
        lower: The blocks from entry j to entry i, zero unless j < i, `[dimension, inputs, dimension, outputs]`; None
            for a single entry.
        bias: `[batch or 1, dimension, outputs]`.
    """

    log_diagonal: tf.Tensor
    lower: tf.Tensor | None
    bias: tf.Tensor

    def __call__(self, x: tf.Tensor, log_slope: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns `y` and `log dy/de`, e the entry, from `x` and `log_slope = log dx/de`, `[batch, dimension, inputs]`.

        The derivatives are multiplied and summed over the inputs relative to the greatest of them, as each may round to
        0: a `logsumexp` of `log_slope + log_diagonal`.
        """
        diagonal = tf.exp(self.log_diagonal)
        y = tf.einsum("bdi,dio->bdo", x, diagonal) + self.bias
        if self.lower is not None:
            dimension, inputs, _, outputs = self.lower.shape
            kernel = tf.reshape(self.lower, [dimension * inputs, dimension * outputs])
            y += tf.reshape(tf.reshape(x, [-1, dimension * inputs]) @ kernel, [-1, dimension, outputs])
        largest = tf.stop_gradient(tf.reduce_max(log_slope, axis=-1, keepdims=True))
        return y, tf.math.log(tf.einsum("bdi,dio->bdo", tf.exp(log_slope - largest), diagonal)) + largest

    def entry(self, place: tf.Tensor, sums: tf.Tensor) -> "BlockAffine":
        """The map of one entry, given the sum of its bias and of what the entries before it contribute."""
        return BlockAffine(self.log_diagonal[place][None], None, sums[:, place][:, None])

    def contributed(self, place: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """What the numbers of one entry, `x`, `[batch, 1, inputs]`, add to `y` of the entries behind it."""
        return tf.tensordot(x[:, 0], self.lower[place], axes=1)


class BlockAutoregressive(Bijector):
    """A gated sum of each entry and a network that increases with it and does not depend on later entries.

        network:  y = affines[-1](tanh(...tanh(affines[0](x))))
        inverse:  z = (1 - g) * x + g * y,  g = sigmoid(gate)
        log-det:  log |det dz/dx| = sum(log(1 - g + g * dy[i]/dx[i])),  each derivative accumulated in log space
        forward:  x[i] is the root of an increasing function, given x[:i], for i in 0..D-1

    The network is bounded, as tanh is; the gate makes the map surjective. Its logit is bounded by 5, so that each
    derivative is 0.0067 or more. A root is found to machine precision in x, by `increasing_root`. A round trip in
    float32 is accurate to 1e-4 of a standardized x, and to 1e-5 of x itself far outside the data.

    The forward direction computes each hidden unit once: the units of an entry depend on no later one, so D root
    searches in blocks of `units` times `units` weights come with the products of one network pass in all. Autodiff
    through it is the implicit gradient, a triangular solve, as each root is differentiated implicitly.

    Args:
        affines: Affine maps, of which the first has one input, and the last one output, for each entry.
        gate: Logit of the share of the network, a scalar.

    Source: De Cao et al., "Block Neural Autoregressive Flow" (1904.04676), section 3: affine maps with block matrices,
    the Jacobian in log space, and gated residuals; the authors' code, `BNAF` and `MaskedWeight`.
    Differs from the paper: every flow has a gate, also the last one, with a bounded logit; the inverse is ours.
    """

    def __init__(self, affines: Sequence[BlockAffine], gate: tf.Tensor):
        super().__init__(event_ndims=1, name="block_autoregressive")
        self.affines = list(affines)
        self.gate = soft_bound(gate)

    def inverse_and_log_det(self, x):
        z, log_slope = self._gated(self.affines, x)
        return z, sum_event(log_slope, 1)

    def forward_and_log_det(self, z):
        x = self._entry_by_entry(z)
        return x, -self.inverse_and_log_det(x)[1]

    def _gated(self, affines, x):
        """`z` and `log dz[i]/dx[i]` of entries `[batch, entries]`."""
        *_, (y, log_slope) = _values(affines, x)
        z = tf.sigmoid(-self.gate) * x + tf.sigmoid(self.gate) * y[..., 0]
        # log(1 - g + g * slope), with 1 - g = 1 / (1 + exp(gate)).
        return z, tf.math.softplus(log_slope[..., 0] + self.gate) - tf.math.softplus(self.gate)

    def _entry_by_entry(self, z):
        size = z.shape[-1]

        def step(place, x, sums):
            affines = [affine.entry(place, its) for affine, its in zip(self.affines, sums, strict=True)]
            root = increasing_root(lambda x: self._gated(affines, x), z[:, place][:, None])
            inputs = [value for value, _ in _values(affines, root)][:-1]
            parts = zip(self.affines, sums, inputs, strict=True)
            sums = [its + affine.contributed(place, value) for affine, its, value in parts]
            x = tf.where(tf.range(size) == place, root, x)
            return place + 1, tf.ensure_shape(x, z.shape), sums

        sums = [affine.bias + tf.zeros_like(z)[..., None] for affine in self.affines]
        # A static number of steps: XLA cannot differentiate any other loop.
        state = 0, tf.zeros_like(z), sums
        return tf.while_loop(lambda place, *_: place < size, step, state, maximum_iterations=size)[1]


def _values(affines, x):
    """The input of each affine map and the output of the last, each with the log of its derivative by its entry."""
    value, log_slope = x[..., None], tf.zeros_like(x)[..., None]
    found = [(value, log_slope)]
    for number, affine in enumerate(affines):
        value, log_slope = affine(value, log_slope)
        if number < len(affines) - 1:
            # log(1 - tanh(a)^2), which does not round to log(0).
            log_slope += 2 * (math.log(2.0) - value - tf.math.softplus(-2 * value))
            value = tf.tanh(value)
        found.append((value, log_slope))
    return found
