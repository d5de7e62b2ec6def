"""Functions of one image, uint8 `[height, width, channels]`, to another."""

import tensorflow as tf


def crop(image: tf.Tensor, top: int | tf.Tensor, left: int | tf.Tensor, size: int) -> tf.Tensor:
    """The square of `size` pixels whose upper left pixel is at row `top` and column `left`."""
    return image[top : top + size, left : left + size]


def central_crop(image: tf.Tensor, size: int) -> tf.Tensor:
    """The central square of `size` pixels; of an odd margin the larger half is below and to the right."""
    height, width = tf.unstack(tf.shape(image)[:2])
    return crop(image, (height - size) // 2, (width - size) // 2, size)


def random_crop(image: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """A square of `size` pixels at a random place; a function of `image` and `seed`, int32 `[2]`."""
    return tf.image.stateless_random_crop(image, [size, size, image.shape[-1]], seed)


def random_flip(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """`image` or its mirror image, left to right, at equal odds; a function of `image` and `seed`, int32 `[2]`."""
    return tf.image.stateless_random_flip_left_right(image, seed)


def resize(image: tf.Tensor, height: int | tf.Tensor, width: int | tf.Tensor) -> tf.Tensor:
    """Shrinks by area: a new pixel is the mean of the rectangle that it covers, rounded to uint8.

    Each old pixel counts with equal weight and none from outside the rectangle, so there is neither aliasing nor
    overshoot nor blur beyond what the smaller image needs; plain bilinear skips pixels when it shrinks by more than 2.
    """
    resized = tf.image.resize(image, tf.stack([height, width]), method="area")
    return tf.cast(tf.round(resized), tf.uint8)


def resize_short_side(image: tf.Tensor, size: int) -> tf.Tensor:
    """`resize` to a short side of `size` pixels; the other side keeps the proportions, rounded."""
    sides = tf.cast(tf.shape(image)[:2], tf.float64)
    height, width = tf.unstack(tf.cast(tf.round(sides * size / tf.reduce_min(sides)), tf.int32))
    return resize(image, height, width)


def top_bits(image: tf.Tensor, n_bits: int) -> tf.Tensor:
    """The `n_bits` most significant bits of each pixel: integers 0..2**n_bits-1."""
    return tf.bitwise.right_shift(image, tf.constant(8 - n_bits, tf.uint8))
