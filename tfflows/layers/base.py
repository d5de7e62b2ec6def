"""A layer of a flow: it owns weights and makes a bijector from them."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.serialization import Configurable

tfb = tfp.bijectors


class FlowLayer(Configurable, keras.layers.Layer):
    """Owns weights and makes a fresh bijector from them in each call: Keras owns the weights, TFP does the math.

    A subclass implements `bijector`, creates its weights in `build`, and returns in `compute_output_shape` the shape
    that the next layer gets. Layers are listed from data to latent, as papers draw them. The arithmetic of a flow is
    never done in the reduced precision of a mixed policy: only its networks follow that policy.

    Args:
        **kwargs: Keras' own arguments: `name`, `trainable` and `dtype`, which is `keras.config.floatx()` by default.
    """

    # Whether the bijector depends on its arguments and on weights alone: another layer can then be a call of the same
    # function with other weights.
    is_function_of_weights = False

    # Whether the log-determinant is an unbiased estimate, whose noise needs seeds in evaluation, too.
    estimates = False

    # The cost of each direction.
    forward_cost = Cost()
    inverse_cost = Cost()

    def __init__(self, **kwargs: Any):
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})

    def bijector(
        self, context: tf.Tensor | None = None, *, training: bool = False, seeds: tf.Tensor | None = None
    ) -> tfb.Bijector:
        """A bijector whose `inverse` maps data `[batch, *event]` toward the latent.

        Args:
            context: Condition, `[batch, size]`, or a map where the layer says so; None for an unconditional layer.
            training: Whether networks apply dropout, traces are estimated, and statistics are those of the batch.
            seeds: A seed for each row, int32 `[batch, 2]`, of the noise that only training adds and of estimates; None
                in evaluation where there are no estimates, or only the point is asked for.
        """
        raise NotImplementedError

    def compose(self, rest: list[tfb.Bijector], context: tf.Tensor | None = None, **mode: Any) -> list[tfb.Bijector]:
        """The bijector of this layer before `rest`, the bijectors of the layers that follow on the way to the latent.

        Args:
            rest: Bijectors, from data to latent.
            context: As in `bijector`.
            **mode: `training` and `seeds`, as in `bijector`.
        """
        return [self.bijector(context, **mode), *rest]

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """What the next layer sees when this one sees `x`."""
        return self.bijector(context).inverse(x)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def initialize(self, x: tf.Tensor, context: tf.Tensor | None = None) -> None:
        """Sets the weights that depend on data, from this layer's input for one global batch; most layers have none.

        Weights that have been set stay as they are.
        """

    # Whether a density needs statistics of the whole training set, which `adapt` computes.
    uses_statistics = False

    def adapt(self, batches: Iterable[tuple[tf.Tensor, tf.Tensor | None]]) -> None:
        """Computes statistics of the whole training set, with the current weights.

        Args:
            batches: This layer's input and the context, batch by batch.
        """

    @property
    def initialized(self) -> bool:
        """Whether the weights that depend on data have been set."""
        return True


def build(layer: keras.layers.Layer, input_shape: tuple[int | None, ...]) -> None:
    """Creates the weights of a layer unless it has them already, as a layer that was loaded from a file does.

    A frozen layer freezes what it has created; Keras freezes only what is there when `trainable` is set.
    """
    if not layer.built:
        layer.build(input_shape)
    if not layer.trainable:
        keras.layers.Layer.trainable.fset(layer, False)  # an assignment of the same value would be ignored


def check_needs_no_data(layer: FlowLayer, name: str) -> None:
    """Raises `InputError` if a built layer has weights or statistics that nobody would compute where it is placed."""
    rule = f"Expected {name} without data-dependent weights or statistics, such as those of ActNorm and BatchNorm."
    check(layer.initialized and not layer.uses_statistics, rule, layer=layer.name)


def is_set(weight: keras.Variable) -> bool:
    """Whether a weight that is NaN until it is set has been set; also inside a `tf.function`, when it is traced."""
    with tf.init_scope():
        return not bool(tf.reduce_any(tf.math.is_nan(tf.convert_to_tensor(weight))))
