"""Learned Gaussian priors, as affine layers: any Gaussian is an affine map of a standard one."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.bijectors.elementwise import Gaussian
from tfflows.layers.base import FlowLayer
from tfflows.layers.coupling import Coupling
from tfflows.networks import ScaledConv2D


class SplitPrior(Coupling):
    """The half of the channels that the next `FactorOut` factors out is Gaussian, given the half that stays.

        mean, log_std = conv(kept)
        inverse:  z = (out - mean) * exp(-log_std),  kept stays
        forward:  out = mean + z * exp(log_std)

    A standard normal `z` is the same as N(mean, exp(log_std)) for `out`; the log-det accounts for the rest of its
    density. A tanh keeps the log standard deviation within `bounds.BOUND`.

    Source: Kingma and Dhariwal, "Glow" (1807.03039): only the authors' code has it, as `split2d`, with this zero-
    initialized 3 x 3 convolution.
    Differs from the authors' code: the log standard deviation is bounded.
    """

    def __init__(self, **kwargs: Any):
        conditioner = ScaledConv2D(kernel_size=3, kernel_initializer="zeros", dtype=keras.config.floatx())
        super().__init__("halves", conditioner=conditioner, transformer=Gaussian(), **kwargs)


class TopPrior(FlowLayer):
    """Each channel that is left at the end has a mean and a standard deviation, for each class if there are classes.

        mean, log_std = weights + dense(context)
        inverse:  z = (x - mean) * exp(-log_std)
        forward:  x = mean + z * exp(log_std)

    Args:
        context_size: Size of the context vector; 0 for none.

    Source: Kingma and Dhariwal, "Glow" (1807.03039): `prior` of the authors' code, with `learntop` and `ycond`.
    Differs from the authors' code: the log standard deviation is bounded; no second weight scales each number; the
    prior is the same at all positions, where theirs also sees the border of the image.
    """

    def __init__(self, *, context_size: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.context_size = context_size

    def build(self, input_shape):
        channels = input_shape[-1]
        self.event_ndims = len(input_shape) - 1
        self.parameters = self.add_weight(shape=(2, channels), initializer="zeros", name="parameters")
        self.condition = None
        if self.context_size:
            settings = {"use_bias": False, "kernel_initializer": "zeros", "dtype": self.dtype_policy}
            self.condition = keras.layers.Dense(2 * channels, **settings)
            self.condition.build((None, self.context_size))

    def bijector(self, context=None, *, training=False, seeds=None):
        parameters = tf.convert_to_tensor(self.parameters)
        if self.condition:
            shift = tf.cast(self.condition(context), self.compute_dtype)
            parameters += tf.reshape(shift, [-1, *[1] * (self.event_ndims - 1), *parameters.shape])
        return Gaussian()(parameters)
