"""Training images with random pixels, for models of what all images of a kind have in common."""

import dataclasses

import tensorflow as tf

from tfflows.datasets.data import Data
from tfflows.splits import Element


def mutated(data: Data, mutation: float) -> Data:
    """A dataset of images in which a fraction of the training pixels have random values, drawn anew in each pass.

    A model of such images learns little about shapes, but much about shades and smoothness. It is the background model
    with whose likelihood that of a model of the unchanged images is compared.

    Args:
        data: A dataset of images.
        mutation: Probability that a pixel gets a new value, each of the levels with the same probability.

    Source: Ren et al., "Likelihood Ratios for Out-of-Distribution Detection" (1906.02845), section 3.
    Differs from the paper: nothing.
    """
    augment, levels = data.train.augment, data.event.levels

    def changed(element: Element, seed: tf.Tensor) -> Element:
        first, which, what = tf.unstack(tf.random.split(seed, 3, alg="philox"))
        element = augment(element, first) if augment else element
        x = element["x"]
        is_new = tf.random.stateless_uniform(x.shape, which, alg="philox") < mutation
        new = tf.random.stateless_uniform(x.shape, what, maxval=levels, dtype=tf.int32, alg="philox")
        return {**element, "x": tf.where(is_new, tf.cast(new, x.dtype), x)}

    return dataclasses.replace(data, train=dataclasses.replace(data.train, augment=changed))
