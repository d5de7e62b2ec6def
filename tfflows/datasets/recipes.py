"""The papers' preprocessing of image datasets of TFDS: a row for each, by TFDS name.

Source: RealNVP (arXiv 1605.08803) and its code (tensorflow/models, research/real_nvp), for CelebA, LSUN, the small
ImageNets and which sets are flipped; Glow (1807.03039) and Flow++ (1902.00275) report on the same sets.
Differs from the papers: RealNVP's code resizes CelebA without antialiasing and cuts it from row 40, not the central 35;
it shrinks LSUN with a Gaussian filter and crops at random in evaluation, too, which makes scores random.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfflows.datasets import pixels


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How one dataset becomes events.

    Args:
        shape: Shape of the event, `(height, width, channels)`.
        flip: Whether papers flip its training images.
        prepare: Function that is applied to each image of every split.
        random_crop: Whether `prepare` returns images larger than the event, which are cropped at random in training and
            at the center in evaluation.
    """

    shape: tuple[int, int, int]
    flip: bool = False
    prepare: Callable[[tf.Tensor], tf.Tensor] = tf.identity
    random_crop: bool = False


def _celeb_a(image: tf.Tensor) -> tf.Tensor:
    """The central 148x148 of 218x178 pixels, which show the face, resized to 64x64."""
    return pixels.resize(pixels.crop(image, top=35, left=15, size=148), 64, 64)


def _lsun(image: tf.Tensor) -> tf.Tensor:
    """The whole picture, its short side shrunk to 96 pixels."""
    return pixels.resize_short_side(image, 96)


_LSUN = Recipe((64, 64, 3), flip=True, prepare=_lsun, random_crop=True)

RECIPES = {
    "celeb_a": Recipe((64, 64, 3), flip=True, prepare=_celeb_a),
    "cifar10": Recipe((32, 32, 3), flip=True),
    "mnist": Recipe((28, 28, 1)),
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
