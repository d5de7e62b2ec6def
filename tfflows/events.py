"""What one data point is: its shape, its type, whether it is discrete, and whether it comes with a class label."""

import dataclasses
import math
from typing import Any

import tensorflow as tf

from tfflows import values
from tfflows.errors import check
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

    def check(self, x: Any, *, first_row: int = 0) -> tf.Tensor:
        """Returns `x` as a `[batch, *shape]` tensor of this event's dtype; inside a `tf.function`, with assertions.

        Args:
            x: Events.
            first_row: Number of the first of them, for errors about a part of a dataset.

        Raises:
            InputError: `x` does not hold real numbers, the shape is wrong, a value is NaN, infinite or too large for
                float32, or a pixel is not an integer in 0..levels-1.
        """
        if not self.discrete:
            return values.real("x", x, self.shape, self.dtype, first_row=first_row)
        x = values.numbers("x", x)
        values.check_shape("x", tuple(x.shape), self.shape)
        rule = f"Expected pixels of `x` to be integers in 0..{self.levels - 1}."
        return values.integers("x", x, self.levels, self.dtype, rule, first_row=first_row)

    def check_label(self, label: Any, rows: int | tf.Tensor | None = None, *, first_row: int = 0) -> tf.Tensor | None:
        """Returns classes as an int32 tensor; None if there are no classes.

        Args:
            label: The class of each row, `[rows]`, or one class for all rows.
            rows: Number of rows, for which a single class is repeated; None for labels of any shape.
            first_row: Number of the first row, for errors about a part of a dataset.

        Raises:
            InputError: A label is given without classes, is missing with classes, or is not an integer in
                0..classes-1; the number of labels is neither `rows` nor one.
        """
        if self.classes == 0:
            check(label is None, "Expected no `label`: this model is not class-conditional.", label=label)
            return None
        check(label is not None, f"Expected a `label` in 0..{self.classes - 1} for each row.", label=label)
        rule = f"Expected each `label` to be an integer in 0..{self.classes - 1}."
        label = values.numbers("label", label)
        check(label.dtype != bool, rule, dtype="bool")
        label = values.integers("label", label, self.classes, "int32", rule, first_row=first_row)
        return label if rows is None else _for_each(label, rows)


def _for_each(label: tf.Tensor, rows: int | tf.Tensor) -> tf.Tensor:
    """`label` of each row, `[rows]`, where it may be a single one."""
    if label.shape.rank == 0:
        return tf.fill([rows], label)
    static = None if values.is_symbolic(rows) else int(rows)
    rule = "Expected a `label` for each row, `[batch]`, or a single one."
    fits = label.shape.rank == 1 and (None in (static, label.shape[0]) or label.shape[0] == static)
    check(fits, rule, shape=tuple(label.shape), rows=static)
    if static is not None and label.shape[0] is not None:
        return label
    same = tf.debugging.Assert(tf.equal(tf.shape(label)[0], rows), [rule, "Received:", tf.shape(label)[0], rows])
    with tf.control_dependencies([same]):
        return tf.identity(label)
