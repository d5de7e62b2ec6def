"""What one data point is: its shape, its type, its columns, and what it is conditioned on."""

import dataclasses
import json
import math
import numbers
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import values
from tfflows.columns import Column, in_order
from tfflows.errors import check
from tfflows.serialization import ConfigurableValue


@dataclasses.dataclass(frozen=True)
class Event(ConfigurableValue):
    """One data point, in raw units.

    Args:
        shape: Shape without the batch, `(dimension,)` or `(height, width, channels)`.
        dtype: `"uint8"` for discrete events, `"float64"` for rows of a table, `"float32"` for other continuous events;
            None chooses it.
        levels: Number of values of a discrete entry, which are the integers 0..levels-1; None for continuous events.
        classes: Number of class labels that condition the model; 0 for none.
        context: Number of real numbers that condition the model, besides the label; 0 for none.
        columns: The columns of a row of a table; empty for other events.
        context_columns: The columns of the context, if the events have columns.
        labels: The names of the classes, in the order of their numbers; empty if they have none.
    """

    shape: tuple[int, ...]
    dtype: str | None = None
    levels: int | None = None
    classes: int = 0
    context: int = 0
    columns: tuple[Column, ...] = ()
    context_columns: tuple[Column, ...] = ()
    labels: tuple[str, ...] = ()

    def __post_init__(self):
        whole = np.iterable(self.shape) and all(isinstance(size, numbers.Integral) for size in self.shape)
        check(whole, "Expected `shape` to be a tuple of integers, such as (2,).", shape=self.shape)
        shape = tuple(int(size) for size in self.shape)
        object.__setattr__(self, "shape", shape)
        for name in ("columns", "context_columns"):
            made = tuple(Column(**each) if isinstance(each, dict) else each for each in getattr(self, name))
            object.__setattr__(self, name, made)
        object.__setattr__(self, "labels", tuple(self.labels))
        check(len(shape) > 0 and min(shape) > 0, "Expected `shape` to hold positive sizes.", shape=shape)
        check(
            self.levels is None or 2 <= self.levels <= 256,
            "Expected `levels` to be None or in 2..256.",
            levels=self.levels,
        )
        expected = "uint8" if self.levels is not None else "float64" if self.columns else "float32"
        object.__setattr__(self, "dtype", expected if self.dtype is None else self.dtype)
        check(
            self.dtype == expected, f"Expected `dtype` to be '{expected}' with levels={self.levels}.", dtype=self.dtype
        )
        check(self.classes >= 0, "Expected `classes` to be 0 or more.", classes=self.classes)
        check(self.context >= 0, "Expected `context` to be 0 or more.", context=self.context)
        self._check_columns()

    def _check_columns(self):
        rule = "Expected a column for each entry of a vector, and for each entry of its context."
        columns, context = len(self.columns), len(self.context_columns)
        fits = columns == 0 or ((columns,) == self.shape and context == self.context)
        check(fits and (columns > 0 or context == 0), rule, columns=columns, context_columns=context, shape=self.shape)
        names = [column.name for column in (*self.columns, *self.context_columns)]
        twice = sorted({name for name in names if names.count(name) > 1})
        check(not twice, "Expected columns of different names.", names=twice)
        rule = "Expected a name for each class, or none."
        check(len(self.labels) in (0, self.classes), rule, labels=self.labels, classes=self.classes)

    @property
    def discrete(self) -> bool:
        return self.levels is not None

    @property
    def condition_size(self) -> int:
        """Number of inputs that the networks of a model get: the label in one-hot form, and the context."""
        return self.classes + self.context

    @property
    def has_noise(self) -> bool:
        """Whether noise is added to a row, so that its log-likelihood is a bound: to pixels, to values that are equally
        spaced, and in place of values that are missing or at an atom.
        """
        real = [column for column in self.columns if column.kind == "real"]
        return self.discrete or any(column.step > 0 or column.missing or column.atom is not None for column in real)

    @property
    def dequantized(self) -> "Event":
        """The continuous event that remains after dequantization: float32, of the same shape."""
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
        """The fields as JSON values, without those that say nothing."""
        fields = {**dataclasses.asdict(self), "shape": list(self.shape)}
        always = ("shape", "dtype", "levels", "classes")
        return json.loads(json.dumps({name: value for name, value in fields.items() if name in always or value}))

    def check(self, x: Any, *, first_row: int = 0) -> tf.Tensor:
        """Returns `x` as a `[batch, *shape]` tensor of this event's dtype; inside a `tf.function`, with assertions.

        Args:
            x: Events; a DataFrame of rows of a table has its columns in any order.
            first_row: Number of the first of them, for errors about a part of a dataset.

        Raises:
            InputError: `x` does not hold real numbers, the shape is wrong, a value is NaN, infinite or too large for
                float32, or a pixel is not an integer in 0..levels-1.
        """
        if not self.discrete:
            x, missing = in_order("x", x, self.columns), _may_be_missing(self.columns)
            return values.real("x", x, self.shape, self.dtype, missing=missing, first_row=first_row)
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
        return label if rows is None else _for_each("label", label, (), rows)

    def check_context(
        self, context: Any, rows: int | tf.Tensor | None = None, *, first_row: int = 0
    ) -> tf.Tensor | None:
        """Returns the context as a tensor of real numbers; None if the model has none.

        Args:
            context: The context of each row, `[rows, context]`, or one context for all rows.
            rows: Number of rows, for which a single context is repeated; None for contexts of any batch shape.
            first_row: Number of the first row, for errors about a part of a dataset.

        Raises:
            InputError: A context is given to a model without one, is missing, has another shape, or is not finite; the
                number of contexts is neither `rows` nor one.
        """
        if self.context == 0:
            check(context is None, "Expected no `context`: this model has none.", context=context)
            return None
        check(context is not None, f"Expected a `context` of {self.context} numbers for each row.", context=None)
        context, missing = in_order("context", context, self.context_columns), _may_be_missing(self.context_columns)
        dtype = "float64" if self.columns else "float32"
        settings = {"missing": missing, "first_row": first_row, "any_batch": True}
        context = values.real("context", context, (self.context,), dtype, **settings)
        return context if rows is None else _for_each("context", context, (self.context,), rows)


def _may_be_missing(columns: tuple[Column, ...]) -> np.ndarray | None:
    """Which entries of a row may be NaN, bool `[columns]`; None if none may."""
    missing = np.array([column.missing for column in columns], bool)
    return missing if missing.any() else None


def _for_each(name: str, value: tf.Tensor, row: tuple[int, ...], rows: int | tf.Tensor) -> tf.Tensor:
    """`value` of each row, `[rows, *row]`, where it may be a single one, `[*row]`."""
    if value.shape.rank == len(row):
        return tf.broadcast_to(value, [rows, *row])
    static = None if values.is_symbolic(rows) else int(rows)
    rule = f"Expected a `{name}` for each row, `[{', '.join(['batch', *map(str, row)])}]`, or a single one."
    fits = value.shape.rank == 1 + len(row) and (None in (static, value.shape[0]) or value.shape[0] == static)
    check(fits, rule, shape=tuple(value.shape), rows=static)
    if static is not None and value.shape[0] is not None:
        return value
    same = tf.debugging.Assert(tf.equal(tf.shape(value)[0], rows), [rule, "Received:", tf.shape(value)[0], rows])
    with tf.control_dependencies([same]):
        return tf.identity(value)
