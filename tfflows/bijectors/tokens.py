"""An event as a sequence of tokens, and tokens in pairs."""

import numpy as np
import tensorflow as tf

from tfflows.bijectors.base import Bijector
from tfflows.errors import check


class Tokens(Bijector):
    """Reads an image as a sequence of patches, row by row, and a vector as a sequence of its entries.

        inverse:  [height, width, c] -> [height / patch * width / patch, patch^2 * c]    images
        inverse:  [dimension] -> [dimension, 1]                                          vectors
        forward:  the way back
        log-det:  0, as entries only move

    Args:
        shape: Shape of the data event: `(height, width, channels)` or `(dimension,)`.
        patch: Height and width of a patch; 1 for vectors.

    Raises:
        InputError: Height or width is not a multiple of `patch`.

    Source: Zhai et al., "Normalizing Flows are Capable Generative Models" (2412.06329), section 2.2.
    Differs from the paper: nothing.
    """

    def __init__(self, shape: tuple[int, ...], patch: int = 1):
        super().__init__(event_ndims=len(shape), latent_ndims=2, name="tokens")
        self.shape = tuple(shape)
        self.tokens_shape = tokens_shape(self.shape, patch)
        self.patch = patch

    def forward_and_log_det(self, z):
        if self.patch > 1:
            height, width = (size // self.patch for size in self.shape[:2])
            z = tf.nn.depth_to_space(tf.reshape(z, [-1, height, width, self.tokens_shape[1]]), self.patch)
        return tf.reshape(z, [-1, *self.shape]), tf.zeros(tf.shape(z)[:1], z.dtype)

    def inverse_and_log_det(self, x):
        patches = tf.nn.space_to_depth(x, self.patch) if self.patch > 1 else x
        return tf.reshape(patches, [-1, *self.tokens_shape]), tf.zeros(tf.shape(x)[:1], x.dtype)

    def _forward_event_shape(self, shape):
        return tf.TensorShape(self.shape)

    def _inverse_event_shape(self, shape):
        return tf.TensorShape(self.tokens_shape)


class PairTokens(Bijector):
    """Reads pairs of tokens as one token of twice the channels.

        inverse:  [tokens, c] -> [tokens / 2, 2 * c]:  z[i] = concat([x[order[i]], x[order[tokens / 2 + i]]])
        forward:  the way back
        log-det:  0, as entries only move

    A coupling that keeps the first half of the channels then keeps the first half of the tokens.

    Args:
        order: Indices of the first tokens of all pairs, followed by those of the second tokens, int `[tokens]`.
    """

    def __init__(self, order: np.ndarray):
        super().__init__(event_ndims=2, name="pair_tokens")
        self.order = np.asarray(order)

    def forward_and_log_det(self, z):
        tokens = tf.concat(tf.split(z, 2, axis=-1), axis=-2)
        return tf.gather(tokens, np.argsort(self.order), axis=-2), tf.zeros(tf.shape(z)[:1], z.dtype)

    def inverse_and_log_det(self, x):
        halves = tf.split(tf.gather(x, self.order, axis=-2), 2, axis=-2)
        return tf.concat(halves, axis=-1), tf.zeros(tf.shape(x)[:1], x.dtype)

    def _forward_event_shape(self, shape):
        tokens, channels = shape
        return tf.TensorShape([2 * tokens, channels // 2])

    def _inverse_event_shape(self, shape):
        tokens, channels = shape
        return tf.TensorShape([tokens // 2, 2 * channels])


def tokens_shape(shape: tuple[int, ...], patch: int) -> tuple[int, int]:
    """Number and size of the tokens of an event.

    Raises:
        InputError: Height or width is not a multiple of `patch`, or a vector has another `patch` than 1.
    """
    if len(shape) == 1:
        check(patch == 1, "Expected `patch` to be 1 for vectors.", patch=patch, shape=shape)
        return shape[0], 1
    height, width, channels = shape
    fits = patch >= 1 and height % patch == 0 and width % patch == 0
    check(fits, "Expected `patch` to divide the height and the width of the image.", patch=patch, shape=shape)
    return height * width // patch**2, patch**2 * channels
