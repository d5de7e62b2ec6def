"""Images as vectors of their pixels, row by row, for the architectures of vectors."""

import dataclasses

import tensorflow as tf

from tfflows.datasets.data import Data
from tfflows.events import Event
from tfflows.splits import Element, Split


def flat_event(event: Event) -> Event:
    """The vector of the pixels of an image."""
    return dataclasses.replace(event, shape=(event.size,))


def flat(data: Data) -> Data:
    """A dataset of images as one of vectors; training images are flipped and drawn before they are flattened."""
    parts = {part: flat_split(getattr(data, part)) for part in ("train", "validation", "test")}
    return dataclasses.replace(data, event=flat_event(data.event), **parts)


def flat_split(split: Split) -> Split:
    """A split of images as one of vectors."""
    if split.augment is not None:
        return dataclasses.replace(split, augment=lambda element, seed: flatten(split.augment(element, seed)))
    shuffled = split.shuffled and (lambda key: split.shuffled(key).map(flatten))
    return dataclasses.replace(split, examples=split.examples.map(flatten), shuffled=shuffled)


def flatten(element: Element) -> Element:
    """An element whose image is a vector of its pixels."""
    return {**element, "x": tf.reshape(element["x"], [-1])}
