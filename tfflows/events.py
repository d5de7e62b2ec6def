"""What one data point is: its shape, its type, whether it is discrete, and whether it comes with a class label."""

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.errors import InputError, check
from tfflows.serialization import ConfigurableValue


@dataclasses.dataclass(frozen=True)
class Event(ConfigurableValue):
    """One data point, in raw units.

    Args:
        shape: Shape without the batch, `(dimension,)` or `(height, width, channels)`.
        dtype: `"uint8"` for discrete events, `"float32"` for continuous ones.
        levels: Number of values of a discrete entry, which are the integers 0..levels-1; None for continuous events.
        classes: Number of class labels that condition the model; 0 for an unconditional model.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    levels: int | None = None
    classes: int = 0

    def __post_init__(self):
        shape = tuple(int(size) for size in self.shape)
        object.__setattr__(self, "shape", shape)
        check(len(shape) > 0 and min(shape) > 0, "Expected `shape` to hold positive sizes.", shape=shape)
        check(
            self.levels is None or 2 <= self.levels <= 256,
            "Expected `levels` to be None or in 2..256.",
            levels=self.levels,
        )
        expected = "float32" if self.levels is None else "uint8"
        check(
            self.dtype == expected, f"Expected `dtype` to be '{expected}' with levels={self.levels}.", dtype=self.dtype
        )
        check(self.classes >= 0, "Expected `classes` to be 0 or more.", classes=self.classes)

    @property
    def discrete(self) -> bool:
        return self.levels is not None

    @property
    def dequantized(self) -> "Event":
        """The continuous event that noise makes of this one; this one itself if it is continuous."""
        return dataclasses.replace(self, dtype="float32", levels=None)

    @property
    def size(self) -> int:
        """Number of dimensions of the event, the divisor of bits per dimension."""
        return math.prod(self.shape)

    @property
    def kind(self) -> str:
        """`"vector"`, `"image"`, or `"tensor"` of another rank."""
        return {1: "vector", 3: "image"}.get(len(self.shape), "tensor")

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "shape": list(self.shape)}

    def check(self, x: Any) -> tf.Tensor:
        """Returns `x` as a `[batch, *shape]` tensor of this event's dtype; inside a `tf.function`, with assertions.

        Raises:
            InputError: The shape is wrong, a value is NaN or infinite, or a pixel is outside 0..levels-1.
        """
        x = x if tf.is_tensor(x) else np.asarray(x)
        shape = tuple(x.shape)
        check(
            shape[1:] == self.shape and len(shape) == len(self.shape) + 1,
            f"Expected `x` of shape [batch, {', '.join(map(str, self.shape))}].",
            shape=shape,
        )
        if is_symbolic(x):
            return self._asserted(x)
        self._check_values(np.asarray(x))
        return tf.cast(x, self.dtype)

    def check_label(self, label: Any) -> tf.Tensor | None:
        """Returns the class of each row, `[batch]`, or one class for all, as a tensor; None if there are no classes.

        Raises:
            InputError: A label is given without classes, is missing with classes, or is outside 0..classes-1.
        """
        if self.classes == 0:
            check(label is None, "Expected no `label`: this model is not class-conditional.", label=label)
            return None
        rule = f"Expected each `label` to be in 0..{self.classes - 1}."
        check(label is not None, f"Expected a `label` in 0..{self.classes - 1} for each row.", label=label)
        if is_symbolic(label):
            sound = tf.reduce_all((label >= 0) & (label < tf.cast(self.classes, label.dtype)))
            with tf.control_dependencies([tf.debugging.Assert(sound, [rule, "Received:", label])]):
                return tf.cast(label, tf.int32)
        label = np.asarray(label)
        check(bool(np.all((label >= 0) & (label < self.classes))), rule, label=label)
        return tf.convert_to_tensor(label, tf.int32)

    def _asserted(self, x: tf.Tensor) -> tf.Tensor:
        """`x` in this event's dtype, whose values are checked when the graph runs."""
        if self.discrete:
            rule = f"Expected pixels of `x` to be integers in 0..{self.levels - 1}."
            values = tf.cast(x, tf.float32)
            sound = (values >= 0) & (values < self.levels) & tf.equal(values, tf.round(values))
        else:
            rule = "Expected `x` to be finite: remove the rows with NaN or infinity."
            sound = tf.math.is_finite(tf.cast(x, self.dtype))
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(sound), [rule])]):
            return tf.cast(x, self.dtype)

    def _check_values(self, x: np.ndarray) -> None:
        if x.size == 0:
            return
        try:
            low, high = x.min().item(), x.max().item()
            finite = bool(np.isfinite(low) and np.isfinite(high))
        except TypeError:
            raise InputError(f"Expected `x` to hold numbers. Received: dtype={x.dtype}.") from None
        check(finite, "Expected `x` to be finite: remove the rows with NaN or infinity.", min=low, max=high)
        if self.discrete:
            rule = f"Expected pixels of `x` to be integers in 0..{self.levels - 1}."
            check(0 <= low and high < self.levels, rule, min=low, max=high)
            check(x.dtype.kind in "iub" or bool(np.all(x == np.round(x))), rule, dtype=str(x.dtype))


def is_symbolic(x: Any) -> bool:
    """Whether `x` is a tensor of a graph that is being traced: its values are not known yet."""
    return tf.is_tensor(x) and not hasattr(x, "numpy")
