"""A layer of a flow: it owns weights, and makes a bijector of them."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

tfb = tfp.bijectors


class FlowLayer(keras.layers.Layer):
    """Owns weights and makes a fresh bijector from them in each call: Keras owns the weights, TFP the mathematics.

    A subclass implements `bijector`, makes its weights in `build`, and says in `compute_output_shape` what shape the
    next layer gets. Layers are listed from data to latent, as papers draw them. The arithmetic of a flow is never done
    in the reduced precision of a mixed policy: only its networks follow that policy.
    """

    # What a direction costs beyond one pass of the layer's network, in words that follow "by"; most cost no more.
    forward_cost = ""
    inverse_cost = ""

    def __init__(self, **kwargs: Any):
        super().__init__(dtype=keras.config.floatx(), **kwargs)

    def bijector(self, context: tf.Tensor | None = None, seeds: tf.Tensor | None = None) -> tfb.Bijector:
        """A bijector whose `inverse` maps data `[batch, *event]` towards the latent.

        Args:
            context: Condition, `[batch, size]`, or a map where the layer says so; None for an unconditional layer.
            seeds: In training, a seed for each row, int32 `[batch, 2]`, of the noise that only training adds: dropout,
                a stochastic trace; None in evaluation.
        """
        raise NotImplementedError

    def compose(
        self, rest: list[tfb.Bijector], context: tf.Tensor | None = None, seeds: tf.Tensor | None = None
    ) -> list[tfb.Bijector]:
        """The bijector of this layer before `rest`, those of the layers that follow on the way to the latent."""
        return [self.bijector(context, seeds), *rest]

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """What the next layer sees when this one sees `x`."""
        return self.bijector(context).inverse(x)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def initialize(self, x: tf.Tensor, context: tf.Tensor | None = None) -> None:
        """Sets the weights that depend on data, from what this layer sees of one global batch; most have none."""

    # Whether a score needs statistics of the whole training set, which `settle` takes.
    uses_statistics = False

    def settle(self, batches: Iterable[tf.Tensor]) -> None:
        """Takes its statistics from what this layer sees of the whole training set, with the weights as they are."""

    @property
    def initialized(self) -> bool:
        """Whether the weights that depend on data have been set; outside of compiled functions."""
        return True
