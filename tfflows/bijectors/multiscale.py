"""The reshaping steps of a multi-scale architecture: squeeze space into channels, factor out half of them, flatten."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.bijectors.base import Bijector
from tfflows.errors import check

tfb = tfp.bijectors


class Squeeze(Bijector):
    """Turns each 2 x 2 block of pixels into one pixel of four times the channels.

        inverse:  [height, width, c] -> [height / 2, width / 2, 4 * c]
        forward:  [height / 2, width / 2, 4 * c] -> [height, width, c]
        log-det:  0, as entries only move

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 3.6.
    Differs from the paper: nothing.
    """

    def __init__(self):
        super().__init__(event_ndims=3, name="squeeze")

    def forward_and_log_det(self, z):
        return tf.nn.depth_to_space(z, 2), tf.zeros(tf.shape(z)[:-3], z.dtype)

    def inverse_and_log_det(self, x):
        return tf.nn.space_to_depth(x, 2), tf.zeros(tf.shape(x)[:-3], x.dtype)

    def _forward_event_shape(self, shape):
        height, width, channels = shape
        return tf.TensorShape([2 * height, 2 * width, channels // 4])

    def _inverse_event_shape(self, shape):
        return tf.TensorShape(squeezed_shape(tuple(shape)))


def squeezed_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of an image after `Squeeze`.

    Raises:
        InputError: Height or width is odd.
    """
    rule = "Expected an image of even height and width to squeeze: use fewer scales."
    check(len(shape) == 3 and shape[0] % 2 == 0 and shape[1] % 2 == 0, rule, shape=shape)
    return shape[0] // 2, shape[1] // 2, 4 * shape[2]


class SplitColumns(Bijector):
    """Reads each pair of neighboring columns as one column of twice the channels: those of the even one come first.

        inverse:  [height, width, c] -> [height, width / 2, 2 * c]
        forward:  [height, width / 2, 2 * c] -> [height, width, c]
        log-det:  0, as entries are only reindexed

    A coupling of channels after it couples even and odd columns.

    Source: Ho et al., "Flow++" (1902.00275), whose authors' code implements the paper's checkerboard this way.
    """

    def __init__(self):
        super().__init__(event_ndims=3, name="split_columns")

    def forward_and_log_det(self, z):
        return tf.reshape(z, [-1, *self._forward_event_shape(z.shape[1:])]), tf.zeros(tf.shape(z)[:-3], z.dtype)

    def inverse_and_log_det(self, x):
        return tf.reshape(x, [-1, *self._inverse_event_shape(x.shape[1:])]), tf.zeros(tf.shape(x)[:-3], x.dtype)

    def _forward_event_shape(self, shape):
        height, width, channels = shape
        return tf.TensorShape([height, 2 * width, channels // 2])

    def _inverse_event_shape(self, shape):
        height, width, channels = shape
        check(width % 2 == 0, "Expected an image of even width to split its columns.", shape=tuple(shape))
        return tf.TensorShape([height, width // 2, 2 * channels])


class FactorOut(Bijector):
    """Sends the second half of the channels straight to the latent, and the first half through the rest of the flow.

        inverse:  kept, out = split(x);  z = concat([flatten(out), rest.inverse(kept)])
        forward:  out, z_rest = split(z);  x = concat([rest.forward(z_rest), unflatten(out)])
        log-det:  that of `rest`

    Args:
        rest: Bijector from a latent vector to the kept half.
        shape: `(height, width, channels)` of the data, channels even.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 3.6.
    Differs from the paper: the paper does not say which half is factored out; the authors' code undoes the squeeze and
    squeezes again in an order that factors out a checkerboard; here it is the second half of the squeezed channels.
    """

    def __init__(self, rest: tfb.Bijector, shape: tuple[int, ...]):
        super().__init__(event_ndims=3, latent_ndims=1, name="factor_out")
        self.rest = rest
        self.half_shape = factored_shape(shape)

    def forward_and_log_det(self, z):
        height, width, channels = self.half_shape
        out, z_rest = tf.split(z, 2, axis=-1)
        out = tf.reshape(out, [-1, height, width, channels])
        x = tf.concat([self.rest.forward(z_rest), out], axis=-1)
        return x, self.rest.forward_log_det_jacobian(z_rest, event_ndims=1)

    def inverse_and_log_det(self, x):
        kept, out = tf.split(x, 2, axis=-1)
        out = tf.reshape(out, [-1, out.shape[1:].num_elements()])
        z = tf.concat([out, self.rest.inverse(kept)], axis=-1)
        return z, self.rest.inverse_log_det_jacobian(kept, event_ndims=3)

    def _forward_event_shape(self, shape):
        height, width, channels = self.half_shape
        return tf.TensorShape([height, width, 2 * channels])

    def _inverse_event_shape(self, shape):
        return tf.TensorShape([shape.num_elements()])


class Flatten(Bijector):
    """Reads an event of any shape as a vector.

        inverse:  [*shape] -> [dimension]
        forward:  [dimension] -> [*shape]
        log-det:  0, as entries are only reindexed

    `tfb.Reshape` would do, but TFP's cache treats all equal bijectors as the same, and hands a tensor that was computed
    outside a gradient tape to a call inside it.

    Args:
        shape: Shape of the data event.
    """

    def __init__(self, shape: tuple[int, ...]):
        super().__init__(event_ndims=len(shape), latent_ndims=1, name="flatten")
        self.shape = tf.TensorShape(shape)

    def forward_and_log_det(self, z):
        return tf.reshape(z, [-1, *self.shape]), tf.zeros(tf.shape(z)[:1], z.dtype)

    def inverse_and_log_det(self, x):
        return tf.reshape(x, [-1, self.shape.num_elements()]), tf.zeros(tf.shape(x)[:1], x.dtype)

    def _forward_event_shape(self, shape):
        return self.shape

    def _inverse_event_shape(self, shape):
        return tf.TensorShape([self.shape.num_elements()])


def factored_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the half that remains after `FactorOut`.

    Raises:
        InputError: The number of channels is odd.
    """
    rule = "Expected an even number of channels to factor out half of them."
    check(len(shape) == 3 and shape[2] % 2 == 0, rule, shape=shape)
    return *shape[:2], shape[2] // 2
