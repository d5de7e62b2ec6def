"""What a model is conditioned on: a class label and a context, checked and put together."""

from typing import Any

import keras
import tensorflow as tf

from tfflows import noise, values
from tfflows.errors import check
from tfflows.events import Event


class Conditional:
    """A mixin of `GenerativeModel`, whose networks take label and context as one vector, the condition."""

    def check_condition(self, label: Any, context: Any, n: int | tf.Tensor | None = None) -> tf.Tensor | None:
        """The condition of `n` rows; a single label or context is repeated. Every public method calls this."""
        self.check_initialized()
        return self.condition(self.event.check_label(label, n), self.event.check_context(context, n))

    def condition(self, label: tf.Tensor | None = None, context: tf.Tensor | None = None) -> tf.Tensor | None:
        """What the networks are conditioned on, `[batch, size]`: the label in one-hot form, then the context.

        Returns:
            None for a model that is not conditional.
        """
        parts = [] if label is None else [tf.one_hot(label, self.event.classes, dtype=self.compute_dtype)]
        parts += [] if context is None else [tf.cast(context, self.compute_dtype)]
        return tf.concat(parts, axis=-1) if parts else None

    def checked(self, x: Any, label: Any = None, context: Any = None) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Events as a tensor, and their condition; inside a `tf.function`, with assertions.

        Raises:
            InputError: As in `log_prob`.
        """
        x = self.event.check(x)
        rows = values.rows(x)
        return x, self.condition(self.event.check_label(label, rows), self.event.check_context(context, rows))

    def condition_of(self, batch: dict[str, tf.Tensor]) -> tf.Tensor | None:
        """The condition of examples of a dataset, `{"x": ..., "label": ..., "context": ...}`."""
        return self.condition(batch.get("label"), batch.get("context"))


def some_hidden(condition: tf.Tensor | None, rate: float, seeds: tf.Tensor) -> tf.Tensor | None:
    """The condition, with zeros in a random fraction of the rows; None stays None.

    Args:
        condition: `[batch, size]`.
        rate: Probability that a row is hidden.
        seeds: int32 `[batch, 2]`.
    """
    if condition is None:
        return None
    seen = noise.uniform(noise.fold_in(seeds, noise.HIDING), (1,), tf.float32) >= rate
    return tf.where(seen, condition, tf.zeros_like(condition))


def of_one_batch(label: tf.Tensor, context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A label and a context, each of a batch of any shape, with the shape that both broadcast to."""
    try:
        tf.broadcast_static_shape(label.shape, context.shape[:-1])
    except ValueError:
        rule = "Expected a `label` and a `context` of one batch shape."
        check(False, rule, label_shape=tuple(label.shape), context_shape=tuple(context.shape))
    batch = tf.broadcast_dynamic_shape(tf.shape(label), tf.shape(context)[:-1])
    return tf.broadcast_to(label, batch), tf.broadcast_to(context, tf.concat([batch, context.shape[-1:]], axis=0))


def check_dropout(rate: float, event: Event) -> None:
    """Raises `InputError` unless this fraction of the rows can lose their condition in training."""
    check(0 <= rate < 1, "Expected `condition_dropout` to be in [0, 1).", condition_dropout=rate)
    rule = "Expected `condition_dropout` to be 0 for a model without classes or a context."
    check(rate == 0 or event.condition_size > 0, rule, condition_dropout=rate)


def check_is_used(size: int, *layers: keras.layers.Layer) -> None:
    """Raises `InputError` if no part of the layers takes a condition of this size, which would then have no effect."""
    sizes = {getattr(part, "context_size", 0) for layer in layers for part in layer._flatten_layers()}
    rule = f"Expected a layer or a network with context_size={size}, so that label and context have an effect."
    check(size == 0 or size in sizes, rule, context_sizes=sorted(sizes))
