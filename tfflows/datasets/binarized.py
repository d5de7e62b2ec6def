"""`dynamic_mnist`: MNIST with black and white pixels, where the probability of a white pixel is its intensity.

    x ~ Bernoulli(intensity / 255)

Training draws the pixels anew in every pass. The pixels of validation and test are drawn once and are always the same,
so that scores are comparable.

Source: Burda et al., "Importance Weighted Autoencoders" (1509.00519): `BinarizedDatasetTheano` of the authors' code.
Differs from the authors' code: they draw validation and test anew, too, and keep 400 images for validation, not 5,000.
"""

import dataclasses

import tensorflow as tf

from tfflows.datasets import tfds_images
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.recipes import BINARIZED
from tfflows.events import Event
from tfflows.splits import Element, Split

NAMES = tuple(BINARIZED)


def event(name: str, options: Options) -> Event:
    """28x28x1 pixels of 2 levels, with 10 classes if `options.conditional`; reads no data."""
    options.reject(name, "n_bits", "flip")
    return dataclasses.replace(tfds_images.event(BINARIZED[name], options), levels=2)


def load(name: str, options: Options) -> Data:
    """55,000 train, 5,000 validation, 10,000 test examples; train holds intensities, from which `augment` draws pixels.

    Raises:
        InputError: An option is not supported, or the data can neither be found nor downloaded.
    """
    kind = event(name, options)
    gray = tfds_images.load(BINARIZED[name], options)
    train = dataclasses.replace(gray.train, augment=draw)
    return Data(name, kind, train, drawn_once(gray.validation, number=1), drawn_once(gray.test, number=2))


def draw(element: Element, seed: tf.Tensor) -> Element:
    """The element with its uint8 intensities drawn as 0 or 1; a function of `element` and `seed`, int32 `[2]`."""
    intensity = tf.cast(element["x"], tf.int32)
    # `even` is uniform over 0..254, and `intensity` of these are smaller: 0 is always black and 255 always white.
    even = tf.random.stateless_uniform(intensity.shape, seed, minval=0, maxval=255, dtype=tf.int32, alg="philox")
    return {**element, "x": tf.cast(even < intensity, tf.uint8)}


def drawn_once(split: Split, *, number: int) -> Split:
    """The split with the pixels of each example drawn with a seed made of `number` and its position."""
    seeded = split.examples.enumerate()
    examples = seeded.map(lambda place, element: draw(element, tf.stack([number, tf.cast(place, tf.int32)])))
    return dataclasses.replace(split, examples=examples)
