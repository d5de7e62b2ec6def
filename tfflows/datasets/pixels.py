"""Functions from one image, uint8 `[height, width, channels]`, to another."""

import tensorflow as tf


def crop(image: tf.Tensor, top: int | tf.Tensor, left: int | tf.Tensor, size: int) -> tf.Tensor:
    """The square of `size` pixels whose upper left pixel is at row `top` and column `left`."""
    return image[top : top + size, left : left + size]


def central_crop(image: tf.Tensor, size: int) -> tf.Tensor:
    """The central square of `size` pixels; if a margin is odd, its larger half is below or to the right."""
    height, width = tf.unstack(tf.shape(image)[:2])
    return crop(image, (height - size) // 2, (width - size) // 2, size)


def random_crop(image: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """A square of `size` pixels at a random place; a function of `image` and `seed`, int32 `[2]`."""
    return tf.image.stateless_random_crop(image, [size, size, image.shape[-1]], seed)


def random_flip(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """`image` flipped left to right with probability 1/2; a function of `image` and `seed`, int32 `[2]`."""
    return tf.image.stateless_random_flip_left_right(image, seed)


def resize(image: tf.Tensor, height: int | tf.Tensor, width: int | tf.Tensor) -> tf.Tensor:
    """Shrinks by area: a new pixel is the mean of the rectangle that it covers, rounded to uint8.

    All pixels in the rectangle have equal weight and none outside it contribute, so there is no aliasing, no overshoot,
    and no more blur than necessary; plain bilinear interpolation skips pixels when it shrinks by a factor above 2.
    """
    resized = tf.image.resize(image, tf.stack([height, width]), method="area")
    return tf.cast(tf.round(resized), tf.uint8)


def resize_short_side(image: tf.Tensor, size: int) -> tf.Tensor:
    """Resizes the short side to `size` pixels; the other side keeps the aspect ratio, rounded."""
    sides = tf.cast(tf.shape(image)[:2], tf.float64)
    height, width = tf.unstack(tf.cast(tf.round(sides * size / tf.reduce_min(sides)), tf.int32))
    return resize(image, height, width)


def top_bits(image: tf.Tensor, n_bits: int) -> tf.Tensor:
    """The `n_bits` most significant bits of each pixel: integers 0..2**n_bits-1."""
    return tf.bitwise.right_shift(image, tf.constant(8 - n_bits, tf.uint8))
