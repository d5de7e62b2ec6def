"""A split of a dataset: examples in a fixed order."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Element = dict[str, tf.Tensor]
WEIGHT = "sample_weight"


def without_weight(element: Element) -> Element:
    """What a model takes of an element, or of a batch of elements: all but the weight."""
    return {name: value for name, value in element.items() if name != WEIGHT}


@dataclasses.dataclass(frozen=True)
class Split:
    """Examples in a fixed order; the training pipeline shuffles, augments and batches them.

    Args:
        examples: Elements without a batch, `{"x": [*event]}`, with an int32 scalar `"label"` where there are classes, a
            `"context"`, `[context]`, where there is one, and a scalar `"sample_weight"` where examples are weighted.
            The order is the same in each pass. Where there is `augment`, `x` may be larger than the event, or hold what
            the event is drawn from.
        size: Number of examples.
        augment: `augment(element, seed)` with seed int32 `[2]` returns the element flipped, cropped or drawn at random,
            an event: the same seed gives the same element. None says that there is nothing to do.
        shuffled: `shuffled(key)`, with key an int64 scalar, returns `examples` in a random order that `key` determines,
            for examples that are read from files in each pass. None leaves shuffling to the pipeline.
    """

    examples: tf.data.Dataset
    size: int
    augment: Callable[[Element, tf.Tensor], Element] | None = None
    shuffled: Callable[[tf.Tensor], tf.data.Dataset] | None = None

    def events(self, key: int | None = None) -> tf.data.Dataset:
        """Every example once, as an event: augmented where training augments, with one fixed seed.

        Args:
            key: Key of a random order, for a split that has `shuffled`; None for the order of `examples`.
        """
        in_order = key is None or self.shuffled is None
        examples = self.examples if in_order else self.shuffled(tf.constant(key, tf.int64))
        if self.augment is None:
            return examples
        return examples.enumerate().map(lambda i, x: self.augment(x, tf.stack([0, tf.cast(i, tf.int32)])))

    def arrays(self, n: int | None = None, *, key: int | None = None) -> dict[str, np.ndarray]:
        """All `events(key)`, or the first `n` of them, in memory: arrays `[n, ...]` by name, such as `"x"`."""
        return next(self.events(key).batch(self.size if n is None else n).as_numpy_iterator())


def in_memory(**arrays: Any) -> Split:
    """A split that holds one example for each row of `arrays`, such as `x` of shape `[size, *event]`."""
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    with tf.device("CPU"):  # the whole set may be larger than the memory of an accelerator
        examples = tf.data.Dataset.from_tensor_slices(arrays)
    return Split(examples, size=len(next(iter(arrays.values()))))


def permuted(arrays: Element, key: tf.Tensor) -> tf.data.Dataset:
    """The rows of `arrays` in a random order that `key`, an int64 scalar, determines: the `shuffled` of a split."""
    rows = next(iter(arrays.values())).shape[0]
    order = tf.argsort(tf.random.stateless_uniform([rows], tf.stack([key, 0])), stable=True)
    return tf.data.Dataset.from_tensor_slices({name: tf.gather(array, order) for name, array in arrays.items()})
