"""`dynamic_mnist`: MNIST of black and white pixels, where a pixel is white with the odds of its intensity.

    x ~ Bernoulli(intensity / 255)

Training draws the pixels anew in every pass. Those of validation and test are drawn once, always the same, so that
scores compare.

Source: Burda et al., "Importance Weighted Autoencoders" (1509.00519): `BinarizedDatasetTheano` of the authors' code.
Differs from the authors' code: they draw validation and test anew, too, and keep 400 images for validation, not 5,000.
"""

import dataclasses

import tensorflow as tf

from tfflows.datasets import tfds_images
from tfflows.datasets.data import Data, Element, Split
from tfflows.datasets.options import Options
from tfflows.datasets.recipes import BINARIZED
from tfflows.events import Event

NAMES = tuple(BINARIZED)


def event(name: str, options: Options) -> Event:
    """28x28x1 pixels of 2 levels, in 10 classes where `options.conditional`; reads no data."""
    options.reject(name, "n_bits", "flip")
    return dataclasses.replace(tfds_images.event(BINARIZED[name], options), levels=2)


def load(name: str, options: Options) -> Data:
    """55,000 train, 5,000 validation and 10,000 test examples; those of train hold intensities, which `augment` draws.

    Raises:
        InputError: An option is not taken, or the data can neither be found nor downloaded.
    """
    kind = event(name, options)
    gray = tfds_images.load(BINARIZED[name], options)
    train = dataclasses.replace(gray.train, augment=draw)
    return Data(name, kind, train, drawn_once(gray.validation, number=1), drawn_once(gray.test, number=2))


def draw(element: Element, seed: tf.Tensor) -> Element:
    """The element with its intensities, uint8, made 0 or 1; a function of `element` and `seed`, int32 `[2]`."""
    intensity = tf.cast(element["x"], tf.int32)
    # Of the integers 0..254 drawn evenly, `intensity` are below it: 0 is always black and 255 always white.
    even = tf.random.stateless_uniform(intensity.shape, seed, minval=0, maxval=255, dtype=tf.int32, alg="philox")
    return {**element, "x": tf.cast(even < intensity, tf.uint8)}


def drawn_once(split: Split, *, number: int) -> Split:
    """The split with the pixels of each example drawn by a seed of `number` and of its place."""
    seeded = split.examples.enumerate()
    examples = seeded.map(lambda place, element: draw(element, tf.stack([number, tf.cast(place, tf.int32)])))
    return dataclasses.replace(split, examples=examples)
