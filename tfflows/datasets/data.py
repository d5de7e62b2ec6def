"""What a model is fitted to: three splits of one kind of event, or a density that is known but for a constant."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.events import Event

tfd = tfp.distributions

Element = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Split:
    """Examples in a fixed order; the training pipeline shuffles, augments and batches them.

    Args:
        examples: Elements without a batch, `{"x": [*event]}`, with an int32 scalar `"label"` where there are classes.
            The order is the same in each pass. Where there is `augment`, `x` may be larger than the event, or hold what
            the event is drawn from.
        size: Number of examples.
        augment: `augment(element, seed)` with seed int32 `[2]` returns the element flipped, cropped or drawn at random,
            an event: the same seed gives the same element. None says that there is nothing to do.
    """

    examples: tf.data.Dataset
    size: int
    augment: Callable[[Element, tf.Tensor], Element] | None = None

    def events(self) -> tf.data.Dataset:
        """Every example once, in order, as an event: augmented where training augments, with one fixed seed."""
        if self.augment is None:
            return self.examples
        return self.examples.enumerate().map(lambda i, x: self.augment(x, tf.stack([0, tf.cast(i, tf.int32)])))


@dataclasses.dataclass(frozen=True)
class Data:
    """A dataset, loaded.

    Args:
        name: The name it was loaded by.
        event: What one example is.
        train: Examples to fit; the only split that may have `augment`.
        validation: Examples to choose a model by. It shares none with `train` or `test`.
        test: Examples to report.
        truth: The density the examples were drawn from, in nats per event and raw units; None where it is not known.
    """

    name: str
    event: Event
    train: Split
    validation: Split
    test: Split
    truth: tfd.Distribution | None = None


@dataclasses.dataclass(frozen=True)
class Energy:
    """An unnormalized density, loaded: what a model draws is scored, so its examples are the seeds of what it draws.

    Args:
        name: The name it was loaded by.
        event: What one draw is.
        log_density: From points `[batch, *event]` to nats `[batch]`, without the constant; differentiable.
        train: Seeds to fit by, `{"seeds": int32 [2]}` each; training folds its step into them, so that none returns.
        validation: Seeds to choose a model by. It shares none with `train` or `test`.
        test: Seeds to report.
        log_z: Log of the integral of the density; None where it is not known.
        window: What a picture of the first two entries shows, `(x1 from, x1 to, x2 from, x2 to)`.
    """

    name: str
    event: Event
    log_density: Callable[[tf.Tensor], tf.Tensor]
    train: Split
    validation: Split
    test: Split
    log_z: float | None = None
    window: tuple[float, float, float, float] = (-4.0, 4.0, -4.0, 4.0)


def in_memory(**arrays: Any) -> Split:
    """A split that holds one example for each row of `arrays`, such as `x` of shape `[size, *event]`."""
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    return Split(tf.data.Dataset.from_tensor_slices(arrays), size=len(next(iter(arrays.values()))))
