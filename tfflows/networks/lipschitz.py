"""Networks with a bounded Lipschitz constant: the contractions of residual flows."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.base import ShiftedByContext
from tfflows.networks.spectral import norm_bound, norm_bound_of_convolution

SWISH_LIPSCHITZ = 1.1  # of x * sigmoid(b * x), for every b: the slope is at most 1.0998
FIRST_BETA = 0.5


def lipswish(x: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    """`x * sigmoid(softplus(beta) * x) / 1.1`, whose slope is at most 1.

    Source: Chen et al., "Residual Flows for Invertible Generative Modeling" (1906.02735), the section on LipSwish.
    """
    return x * tf.sigmoid(tf.nn.softplus(beta) * x) / SWISH_LIPSCHITZ


class LipschitzNet(ShiftedByContext):
    """Linear maps with LipSwish between them, of a Lipschitz constant of at most `lipschitz`.

    Each of the n maps has a norm of at most `lipschitz ** (1 / n)`: one with a larger norm is scaled down. The last map
    starts at zero. The network is used through `prepared`, which bounds the norms once for any number of evaluations;
    all of it is computed in the precision of its weights, as the iteration of an inverse needs that.

    Args:
        outputs: Size of the last axis of the output; None if the layer that owns the network sets it.
        width: Number of units, or of feature maps, of each hidden layer.
        sizes: Size of the kernel of each map, odd: of convolutions on images, 1 for each of the dense layers on
            vectors.
        lipschitz: Bound on the Lipschitz constant, in (0, 1).
        preactivated: Whether LipSwish precedes the first map, too.
        **kwargs: As in `Network`; the context vector shifts each unit of the first hidden layer.

    Raises:
        InputError: `lipschitz` is out of range.

    Source: Behrmann et al., "Invertible Residual Networks" (1811.00995), the section on satisfying the Lipschitz
    constraint; Chen et al. (1906.02735) and their code, `lib/resflow.py`.
    Differs from the papers: the norm is an upper bound, `networks/spectral.py`, where power iteration approaches it
    from below; in the authors' code each map has the bound `lipschitz`, and the network its n-th power.
    """

    def __init__(
        self,
        outputs: int | None = None,
        *,
        width: int,
        sizes: tuple[int, ...],
        lipschitz: float = 0.98,
        preactivated: bool = False,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        check(0 < lipschitz < 1, "Expected `lipschitz` to be in (0, 1).", lipschitz=lipschitz)
        rule = "Expected `sizes` to be two or more odd numbers, so that there is a hidden layer."
        check(len(sizes) >= 2 and all(size % 2 == 1 for size in sizes), rule, sizes=sizes)
        self.width = width
        self.sizes = tuple(sizes)
        self.lipschitz = lipschitz
        self.preactivated = preactivated

    def build(self, input_shape):
        *space, inputs = input_shape[1:]
        self.space = tuple(space)
        widths = [inputs, *[self.width] * (len(self.sizes) - 1), self.outputs]
        self.kernels, self.biases = [], []
        for place, size in enumerate(self.sizes):
            shape = (*[size] * len(space), *widths[place : place + 2])
            last = place == len(self.sizes) - 1
            start = "zeros" if last else keras.initializers.VarianceScaling(2.0, mode="fan_in")
            self.kernels.append(self.add_weight(shape=shape, initializer=start, name=f"kernel_{place}"))
            self.biases.append(self.add_weight(shape=shape[-1:], initializer="zeros", name=f"bias_{place}"))
        number = len(self.sizes) - (not self.preactivated)
        start = keras.initializers.Constant(FIRST_BETA)
        self.betas = [self.add_weight(shape=(), initializer=start, name=f"beta_{place}") for place in range(number)]
        self.condition = self.condition_layer(self.width)
        self.build_condition()

    def shift(self, context: tf.Tensor | None) -> tf.Tensor | None:
        """The shift of the first hidden layer, `[batch, 1, ..., width]`; None without a context."""
        if self.condition is None:
            return None
        shift = tf.cast(self.condition(context), self.variable_dtype)
        return tf.reshape(shift, [-1, *[1] * len(self.space), self.width])

    def prepared(self) -> Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]:
        """The network as a function of `x`, `[batch, ..., inputs]`, and the result of `shift`."""
        biases, betas = ([tf.convert_to_tensor(weight) for weight in part] for part in (self.biases, self.betas))
        kernels, betas = self.bounded_kernels(), betas if self.preactivated else [None, *betas]

        def evaluate(x, shift):
            for place, (kernel, bias, beta) in enumerate(zip(kernels, biases, betas, strict=True)):
                x = x if beta is None else lipswish(x, beta)
                x = self._linear(x, kernel) + bias
                x = x + shift if place == 0 and shift is not None else x
            return x

        return evaluate

    def bounded_kernels(self) -> list[tf.Tensor]:
        """The kernels, scaled down where the norm of their map could exceed its share of the Lipschitz constant."""
        most = self.lipschitz ** (1 / len(self.kernels))
        kernels = [tf.convert_to_tensor(kernel) for kernel in self.kernels]
        return [kernel * (most / tf.maximum(self._norm_bound(kernel), most)) for kernel in kernels]

    def _norm_bound(self, kernel):
        return norm_bound_of_convolution(kernel, self.space) if self.space else norm_bound(kernel)

    def _linear(self, x, kernel):
        return tf.nn.conv2d(x, kernel, 1, "SAME") if self.space else x @ kernel

    def call(self, x, context=None, *, training=False, seeds=None):
        return self.prepared()(x, self.shift(context))
