"""A dataset, loaded: three splits of one kind of event."""

import dataclasses

import tensorflow_probability as tfp

from tfflows.events import Event
from tfflows.splits import Split

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True)
class Data:
    """A dataset, loaded.

    Args:
        name: The name it was loaded by.
        event: What one example is.
        train: Examples to fit a model to; the only split that may have `augment`.
        validation: Examples for model selection; disjoint from `train` and `test`.
        test: Examples for the reported score.
        truth: The density the examples were drawn from, in nats per event and raw units; None if it is not known.
    """

    name: str
    event: Event
    train: Split
    validation: Split
    test: Split
    truth: tfd.Distribution | None = None
