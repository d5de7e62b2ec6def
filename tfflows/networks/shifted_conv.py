"""Gated convolutions that see the pixels above and to the left: over a whole image, a row, or one pixel."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.networks.dropout import drop
from tfflows.networks.gated import concat_elu, gate
from tfflows.serialization import Configurable

WIDTHS = {"down": 3, "down_right": 2}  # of the kernels, whose height is 2


class ShiftedConv(Configurable, keras.layers.Layer):
    """A convolution that sees the row above and, in its own row, either all neighbors or those to the left.

    Args:
        filters: Number of output channels.
        kind: `"down"` sees a pixel, its two neighbors, and the three pixels above; `"down_right"` a pixel, the one to
            the left, and the two above.
        gain: Factor of the variance of the initial kernel, 1 to preserve that of the input.
    """

    def __init__(self, filters: int, kind: str, *, gain: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = filters
        self.kind = kind
        self.gain = gain

    def build(self, input_shape):
        start = keras.initializers.VarianceScaling(self.gain, mode="fan_in")
        shape = (2, WIDTHS[self.kind], input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=start, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, x):
        return self._convolved(tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]]))

    def row(self, above: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        """One row of the output, `[batch, width, filters]`, from two rows of the input."""
        return self._convolved(tf.stack([above, row], axis=1))[:, 0]

    def pixel(self, above: tf.Tensor, row: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        """One pixel of the output, `[batch, filters]`, of the kind `"down_right"`, from two rows of the input."""
        left = [[0, 0], [1, 0], [0, 0]]
        window = tf.concat([tf.pad(one, left)[:, place : place + 2] for one in (above, row)], axis=1)
        window = tf.reshape(window, [-1, 4 * row.shape[-1]])
        return window @ tf.reshape(tf.cast(self.kernel, window.dtype), [-1, self.filters]) + self.bias

    def _convolved(self, x):
        x = tf.pad(x, [[0, 0], [0, 0], [1, int(self.kind == "down")], [0, 0]])
        return tf.nn.bias_add(tf.nn.conv2d(x, self.kernel, strides=1, padding="VALID"), self.bias)


class GatedResidual(Configurable, keras.layers.Layer):
    """`x + gate(conv(concat_elu(conv(concat_elu(x)) + dense(concat_elu(beside)))) + dense(condition))`.

    Args:
        kind: Kind of the convolutions, see `ShiftedConv`.
        has_beside: Whether there are features `beside`, of the other stream.
        dropout: Dropout rate between the convolutions.
        context_size: Size of the condition, 0 for none.

    Source: Salimans et al., "PixelCNN++" (1701.05517), and the authors' code.
    """

    def __init__(self, kind: str, *, has_beside: bool, dropout: float, context_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.kind = kind
        self.has_beside = has_beside
        self.dropout = dropout
        self.context_size = context_size

    def build(self, input_shape):
        *space, filters = input_shape
        self.first = ShiftedConv(filters, self.kind)
        self.second = ShiftedConv(2 * filters, self.kind, gain=0.1)
        self.beside = keras.layers.Dense(filters) if self.has_beside else None
        self.condition = keras.layers.Dense(2 * filters, use_bias=False) if self.context_size else None
        for layer in (self.first, self.second, *([self.beside] if self.beside else [])):
            layer.build((*space, 2 * filters))
        if self.condition:
            self.condition.build((None, self.context_size))

    def call(self, x, beside=None, condition=None, *, training=False, seeds=None):
        hidden = self._joined(self.first(concat_elu(x)), beside)
        hidden = drop(concat_elu(hidden), self.dropout, training=training, seeds=seeds)
        return x + gate(self._conditioned(self.second(hidden), condition))

    def row(self, x: tf.Tensor, above: list[tf.Tensor], condition: tf.Tensor | None) -> tuple[tf.Tensor, list]:
        """One row of the output, and the inputs of both convolutions in this row, from those in the row above."""
        first = concat_elu(x)
        second = concat_elu(self.first.row(above[0], first))
        return x + gate(self._conditioned(self.second.row(above[1], second), condition)), [first, second]

    def pixel(self, x, beside, above: list[tf.Tensor], rows: list[tf.Tensor], condition, place) -> tuple:
        """One pixel of the output, and the inputs of both convolutions in this row up to the pixel."""
        first = put(rows[0], concat_elu(x), place)
        hidden = self._joined(self.first.pixel(above[0], first, place), beside)
        second = put(rows[1], concat_elu(hidden), place)
        outputs = self.second.pixel(above[1], second, place)
        return x + gate(self._conditioned(outputs, condition)), [first, second]

    def _joined(self, hidden, beside):
        if self.beside is None:
            return hidden
        return hidden + tf.cast(self.beside(concat_elu(beside)), hidden.dtype)  # which a row may have in float32

    def _conditioned(self, outputs, condition):
        if self.condition is None:
            return outputs
        shift = tf.cast(self.condition(condition), outputs.dtype)
        return outputs + tf.reshape(shift, [-1, *[1] * (outputs.shape.rank - 2), shift.shape[-1]])


def put(row: tf.Tensor, pixel: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """The row, `[batch, width, channels]`, with `pixel`, `[batch, channels]`, at `place`."""
    return tf.where((tf.range(row.shape[1]) == place)[:, None], pixel[:, None], row)
