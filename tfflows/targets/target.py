"""A target: an unnormalized log-density, to which a flow is fitted without data."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfflows.events import Event
from tfflows.splits import Split, in_memory


def seeds(index: int, size: int) -> Split:
    """`size` examples `{"seeds": [index, row]}`, so that no two splits share one."""
    return in_memory(seeds=np.stack([np.full(size, index), np.arange(size)], axis=1).astype(np.int32))


@dataclasses.dataclass(frozen=True)
class Target:
    """An unnormalized log-density. A model is scored by its own samples, so the examples are seeds of samples.

    Args:
        name: Name of the target.
        event: What one sample is.
        log_density: Function from points `[batch, *event]` to nats `[batch]`, up to a constant; differentiable.
        train: Seeds to fit by, `{"seeds": int32 [2]}` each; training folds its step into them, so that no sample is
            drawn twice. 100,000 by default.
        validation: Seeds to choose a model by; disjoint from `train` and `test`. 10,000 by default.
        test: Seeds to report; 20,000 by default.
        log_z: Logarithm of the integral of the density; None where it is not known.
        window: The part of the plane of the first two entries that a picture shows, `(x1 from, x1 to, x2 from, x2 to)`.
    """

    name: str
    event: Event
    log_density: Callable[[tf.Tensor], tf.Tensor]
    train: Split = dataclasses.field(default_factory=functools.partial(seeds, 0, 100_000))
    validation: Split = dataclasses.field(default_factory=functools.partial(seeds, 1, 10_000))
    test: Split = dataclasses.field(default_factory=functools.partial(seeds, 2, 20_000))
    log_z: float | None = None
    window: tuple[float, float, float, float] = (-4.0, 4.0, -4.0, 4.0)
