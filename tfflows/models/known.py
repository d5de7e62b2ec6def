"""What the model of the real entries of a row is given: label, context, the other entries, and what is missing."""

import tensorflow as tf

from tfflows.errors import check
from tfflows.events import Event


def condition_size(event: Event) -> int:
    """Number of features of the label and of the context of a row."""
    return event.classes + sum(column.features for column in event.context_columns)


def real_event(event: Event) -> Event:
    """The events of the flow in a `Tabular` model: the real entries of a row, given everything else.

    Raises:
        InputError: No column is real.
    """
    real = [column for column in event.columns if column.kind == "real"]
    others = [column.features for column in event.columns if column.kind != "real"]
    rule = "Expected at least one column of real numbers: --set=data.continuous=NAME makes one of numeric categories."
    check(len(real) > 0, rule, columns=[column.name for column in event.columns])
    flags = sum(column.missing + (column.atom is not None) for column in real)
    return Event((len(real),), context=condition_size(event) + sum(others) + flags)


def joined(known: tf.Tensor | None, more: tf.Tensor | None) -> tf.Tensor | None:
    """Two groups of features, each of which may be None, side by side."""
    parts = [part for part in (known, more) if part is not None]
    return tf.concat(parts, axis=-1) if parts else None
