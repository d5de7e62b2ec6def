"""From named columns, as they are in a file or a DataFrame, to the arrays that a model takes."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfflows.columns import Column
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources.place import Place

MISSING = "(missing)"  # the category of a value that is missing
TRUTHS = {"true": "true", "1": "true", "false": "false", "0": "false"}


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Rows of a table as examples of an event: `{"x": ..., "context": ..., "label": ..., "sample_weight": ...}`.

    Args:
        event: What one row is.
        label: Name of the column with the classes; None without classes.
        weight: Name of the column with the weights of the rows, checked by `check_weights`; None without weights.
    """

    event: Event
    label: str | None = None
    weight: str | None = None

    @property
    def kinds(self) -> dict[str, str]:
        """How each column is read, `"number"` or `"text"`, by name."""
        kinds = {column.name: kind(column) for column in (*self.event.columns, *self.event.context_columns)}
        kinds |= {} if self.label is None else {self.label: "text"}
        return kinds | ({} if self.weight is None else {self.weight: "number"})

    def check_names(self, name: str, names: Sequence[str]) -> None:
        """Raises `InputError` unless a table, the file `name`, has all columns; others do not matter."""
        missing = [each for each in self.kinds if each not in names]
        check(not missing, f"Expected {name!r} to have the columns {list(self.kinds)}.", missing=missing)

    def __call__(self, table: Mapping[str, np.ndarray], name: str, rows: int | np.ndarray) -> dict[str, np.ndarray]:
        """The arrays of some rows.

        Args:
            table: Columns, read as `kinds` says.
            name: Name of the table, for errors.
            rows: Number of the first row, or of each row, for errors.

        Raises:
            InputError: A value is missing that must not be, or a label is not one of the classes.
        """
        examples = {"x": _matrix(table, self.event.columns, name, rows)}
        if self.event.context:
            examples["context"] = _matrix(table, self.event.context_columns, name, rows)
            self._check_context(table, examples["context"], name, rows)
        if self.label is not None:
            examples["label"] = self.labels(table[self.label], name, rows)
        if self.weight is not None:
            examples["sample_weight"] = table[self.weight].astype(np.float32)
        return examples

    def _check_context(self, table, context, name, rows):
        """A network has never seen a context of an unknown category, which it would take for no category at all."""
        for column, values in zip(self.event.context_columns, context.T, strict=True):
            rule = f"Expected a category of the training set in a context column, {_short(column.categories)}."
            known = np.isin(values, column.values) if column.kind == "categorical" else np.ones(len(values), bool)
            check_values(Place(name, column.name, rows), known, table[column.name], rule)

    def labels(self, texts: np.ndarray, name: str, rows: int | np.ndarray) -> np.ndarray:
        """The numbers of the classes of some rows; takes the arguments of a call, but only the column of labels."""
        codes = _codes(texts, self.event.labels)
        rule = f"Expected each label to be one of the classes of the training set, {_short(self.event.labels)}."
        check_values(Place(name, self.label, rows), codes >= 0, texts, rule)
        return codes.astype(np.int32)


def check_values(place: Place, sound: np.ndarray, values: np.ndarray, rule: str) -> None:
    """Raises `RowError` with the first value that is not sound."""
    if not sound.all():
        index = int(np.argmin(sound))
        place.refuse(rule, index, values[index].item() if isinstance(values[index], np.generic) else values[index])


def check_weights(place: Place, weights: np.ndarray) -> None:
    """Raises `RowError` with the first weight that is negative, missing or infinite."""
    check_values(place, np.isfinite(weights) & (weights >= 0), weights, "Expected each weight to be 0 or more.")


def kind(column: Column) -> str:
    """How a column is read: categories that are not numbers as text, all others as numbers."""
    return "number" if all(name == MISSING or _is_number(name) for name in column.categories) else "text"


def _is_number(name: str) -> bool:
    """Whether a category has the name of a number, so that it is the same however a file writes it."""
    try:
        number = float(name)
    except ValueError:
        return False
    return math.isfinite(number) and name_of(number) == name


def _matrix(
    table: Mapping[str, np.ndarray], columns: Sequence[Column], name: str, rows: int | np.ndarray
) -> np.ndarray:
    numbers = [_numbers(table[column.name], column, Place(name, column.name, rows)) for column in columns]
    return np.stack(numbers, axis=1)


def _numbers(values: np.ndarray, column: Column, place: Place) -> np.ndarray:
    """A column in float64; a category that is not known becomes a number that stands for none of them."""
    are_values = [name_of(value) for value in column.values] == list(column.categories)
    if values.dtype == object or (column.kind == "categorical" and not are_values):
        values = values if values.dtype == object else np.array([name_of(value) for value in values], object)
        if MISSING not in column.categories:
            check_values(place, np.array([value is not None for value in values], bool), values, missing_rule())
        codes = _codes(values, column.categories)
        return np.where(codes >= 0, np.array(column.values)[codes], min(column.values) - 1.0)
    if not column.missing:
        check_values(place, ~np.isnan(values), values, missing_rule())
    return values


def name_of(value: float) -> str | None:
    """A number as the name of a category, integers without `.0`; None for NaN."""
    if np.isnan(value):
        return None
    return str(int(value)) if float(value).is_integer() else str(float(value))


def missing_rule() -> str:
    """The rule about missing values, in words."""
    return "Expected no missing values: fill them in, drop the rows, or train with --set=data.missing=mask."


def _codes(texts: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The place of each text in `names`, -1 for a text that is not there; formats write truth values in many ways."""
    are_truths = {name.lower() for name in names} <= {"true", "false", MISSING}
    places = {name.lower() if are_truths else name: index for index, name in enumerate(names)}
    found = (MISSING if text is None else TRUTHS.get(text.lower(), text) if are_truths else text for text in texts)
    return np.array([places.get(text, -1) for text in found], np.int64)


def _short(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
