"""The columns of a table: their names, the values that they take, and the scale on which a model sees them."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfflows.errors import check, check_choice
from tfflows.serialization import ConfigurableValue

KINDS = ("real", "categorical", "circular")


@dataclasses.dataclass(frozen=True)
class Column(ConfigurableValue):
    """One column of a table, or one entry of a context.

    Args:
        name: Name of the column.
        kind: `"real"`, `"categorical"` or `"circular"`.
        categories: The names of the categories of a categorical column.
        values: The numbers that stand for the categories: those in the data if these are numbers, else 0, 1, 2, ...
        low: Lower bound of the support, exclusive; None if there is none. A circular column takes values in [low,
            high).
        high: Upper end of the support.
        step: Distance between the values of a real column that are equally spaced, such as 1 for integers. A value
            then stands for the cell of this width around it. 0 for a continuous column.
        origin: One of the equally spaced values.
        atom: A value of a real column that many rows have exactly, such as 0, and that has a probability of its own;
            None for none.
        missing: Whether a value of a real column may be missing, which is written as NaN.
        shift: Location of the column, after the map of its support to the real line: see `tfflows.bijectors.Support`.
        scale: Scale of the column, after the same map.
    """

    name: str
    kind: str = "real"
    categories: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float = 0.0
    origin: float = 0.0
    atom: float | None = None
    missing: bool = False
    shift: float = 0.0
    scale: float = 1.0

    def __post_init__(self):
        categories = tuple(self.categories)
        object.__setattr__(self, "categories", categories)
        object.__setattr__(self, "values", tuple(map(float, self.values or range(len(categories)))))
        check_choice("kind", self.kind, KINDS)
        is_categorical = self.kind == "categorical"
        rule = f"Expected `categories` of column {self.name!r} if and only if it is categorical."
        check(bool(categories) == is_categorical, rule, kind=self.kind, categories=categories)
        rule = f"Expected as many `values` as `categories` of column {self.name!r}, all different."
        check(len(set(self.values)) == len(categories), rule, values=self.values, categories=categories)
        low, high = self.support
        check(low < high, f"Expected `low` to be less than `high` in column {self.name!r}.", low=low, high=high)
        rule = f"Expected a circular column {self.name!r} to have the two ends `low` and `high`, and no step."
        is_circle = math.isfinite(low) and math.isfinite(high) and self.step == 0 and not self.missing
        check(self.kind != "circular" or is_circle, rule, low=low, high=high, step=self.step, missing=self.missing)
        rule = f"Expected no missing values in categorical column {self.name!r}: let them be a category of their own."
        check(not (is_categorical and self.missing), rule, missing=self.missing)
        sound = 0 < self.scale < math.inf and math.isfinite(self.shift) and 0 <= self.step < math.inf
        rule = f"Expected a finite shift, a positive scale, and a step of 0 or more in column {self.name!r}."
        check(sound, rule, shift=self.shift, scale=self.scale, step=self.step)

    @property
    def support(self) -> tuple[float, float]:
        """Lower and upper end, infinite where there is none."""
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    def contains(self, values: np.ndarray) -> np.ndarray:
        """Whether each value can have a likelihood greater than 0; NaN stands for a missing value."""
        if self.kind == "categorical":
            return np.isin(values, self.values)
        low, high = self.support
        inside = np.isnan(values) | ((values > low) & (values < high))
        inside |= self.kind == "circular"
        return inside if self.atom is None else inside | (values == self.atom)

    @property
    def center(self) -> float:
        """A value in the middle of the column, in its own units."""
        if self.kind == "categorical":
            return self.values[0]
        (low, high), at = self.support, self.shift
        if math.isfinite(low) and math.isfinite(high):
            return low + (high - low) / (1 + math.exp(-at))
        value = low + math.exp(at) if math.isfinite(low) else high - math.exp(-at) if math.isfinite(high) else at
        return self.origin + self.step * round((value - self.origin) / self.step) if self.step else value

    @property
    def features(self) -> int:
        """Number of inputs of a network that is conditioned on this column."""
        return {"real": 1, "circular": 2, "categorical": len(self.categories)}[self.kind] + self.missing


def is_frame(table: Any) -> bool:
    """Whether a table is a DataFrame, of pandas or with its interface."""
    return hasattr(table, "columns") and hasattr(table, "iloc")


def in_order(name: str, x: Any, columns: Sequence[Column]) -> Any:
    """The columns of an event, in their order, from a DataFrame with names; everything else unchanged.

    Raises:
        InputError: The DataFrame `name` lacks one of the columns.
    """
    labels = {str(label): label for label in x.columns} if is_frame(x) else {}
    if not columns or not any(isinstance(label, str) for label in labels.values()):
        return x
    names = [column.name for column in columns]
    missing = [each for each in names if each not in labels]
    check(not missing, f"Expected the DataFrame `{name}` to have the columns {names}.", missing=missing)
    return x[[labels[each] for each in names]]


def described(
    columns: Sequence[Column], given: Sequence[Column] = (), labels: Sequence[str] = (), most: int | None = None
) -> list[str]:
    """A line for each column: its name, and what its values were taken for; a last one for the label.

    Args:
        columns: The columns of an event.
        given: Those of its context.
        labels: The names of its classes; empty if they have none.
        most: Number of lines after which the others are only counted; None for no limit.
    """
    lines = [f"{column.name}: {_in_words(column)}" for column in columns]
    lines += [f"{column.name} (context): {_in_words(column)}" for column in given]
    lines += [f"label (condition): {len(labels)} classes: {listed(labels)}"] if labels else []
    more = 0 if most is None else max(len(lines) - most, 0)
    return [*lines[: len(lines) - more], f"... and {more} more columns"] if more else lines


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, quoted, between commas."""
    return ", ".join([*map(repr, names[:most]), *["..."] * (len(names) > most)])


def _in_words(column: Column) -> str:
    low, high = column.support
    if column.kind == "categorical":
        names = column.categories
        return f"{len(names)} categories: {listed(names)}" if len(names) > 1 else f"always {names[0]!r}"
    if column.kind == "circular":
        return f"circular, from {low:g} to {high:g}"
    text = {0: "real numbers", 1: "integers"}.get(column.step, f"multiples of {column.step:g}")
    if math.isfinite(low) and math.isfinite(high):
        text += f" between {low:g} and {high:g}"
    elif math.isfinite(low) or math.isfinite(high):
        text += f" greater than {low:g}" if math.isfinite(low) else f" less than {high:g}"
    text += "" if column.atom is None else f", often {column.atom:g}"
    return text + (", may be missing" if column.missing else "")


def arrays(columns: Sequence[Column]) -> dict[str, np.ndarray]:
    """Ends, steps, origins, shifts and scales of several columns, float64 `[columns]`."""
    low, high = (np.array([column.support[end] for column in columns], np.float64) for end in (0, 1))
    numbers = {
        name: np.array([getattr(column, name) for column in columns], np.float64)
        for name in ("step", "origin", "shift", "scale")
    }
    return {"low": low, "high": high, **numbers}
