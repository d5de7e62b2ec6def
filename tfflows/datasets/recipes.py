"""The papers' preprocessing of image datasets of TFDS: a row for each, by TFDS name.

Source: RealNVP (arXiv 1605.08803) and its code (tensorflow/models, research/real_nvp), for CelebA, LSUN, the small
ImageNets and which sets are flipped; Glow (1807.03039) and Flow++ (1902.00275) report on the same sets.
Differs from the papers: RealNVP's code resizes CelebA without antialiasing and cuts it from row 40, not the central 35;
it shrinks LSUN with a Gaussian filter and crops at random in evaluation, too, which makes scores random.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfflows.splits import Element


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How one dataset becomes events.

    Args:
        shape: Shape of the event, `(height, width, channels)`.
        flip: Whether papers flip its training images.
        prepare: Function that is applied to each image of every split.
        random_crop: Whether `prepare` returns images larger than the event, which are cropped at random in training and
            at the center in evaluation.
        levels: Number of values of its pixels, which are the integers 0..levels-1.
    """

    shape: tuple[int, int, int]
    flip: bool = False
    prepare: Callable[[tf.Tensor], tf.Tensor] = tf.identity
    random_crop: bool = False
    levels: int = 256


# Functions from one image, uint8 `[height, width, channels]`, to another.


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


def flipped(element: Element, seed: tf.Tensor) -> Element:
    """An element whose image is flipped at random: the `augment` of a split."""
    return {**element, "x": random_flip(element["x"], seed)}


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


def _celeb_a(image: tf.Tensor) -> tf.Tensor:
    """The central 148x148 of 218x178 pixels, which show the face, resized to 64x64."""
    return resize(crop(image, top=35, left=15, size=148), 64, 64)


def _lsun(image: tf.Tensor) -> tf.Tensor:
    """The whole picture, its short side shrunk to 96 pixels."""
    return resize_short_side(image, 96)


_LSUN = Recipe((64, 64, 3), flip=True, prepare=_lsun, random_crop=True)

RECIPES = {
    "celeb_a": Recipe((64, 64, 3), flip=True, prepare=_celeb_a),
    "cifar10": Recipe((32, 32, 3), flip=True),
    "mnist": Recipe((28, 28, 1)),
    "binarized_mnist": Recipe((28, 28, 1), levels=2),
    "fashion_mnist": Recipe((28, 28, 1)),
    "svhn_cropped": Recipe((32, 32, 3)),
    "downsampled_imagenet/32x32": Recipe((32, 32, 3)),
    "downsampled_imagenet/64x64": Recipe((64, 64, 3)),
    "lsun/bedroom": _LSUN,
    "lsun/tower": _LSUN,
    "lsun/church_outdoor": _LSUN,
}

# Datasets of black and white pixels, drawn from the intensities of another dataset.
BINARIZED = {"dynamic_mnist": "mnist"}
