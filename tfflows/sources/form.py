"""Rows in the form in which a user gave others: an array, or a DataFrame with its names and types."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfflows.columns import Column, is_frame
from tfflows.sources.encoding import MISSING
from tfflows.sources.entries import EXACT


@dataclasses.dataclass(frozen=True)
class Form:
    """An array, or a DataFrame, without rows.

    Args:
        empty: The array, `[0, columns]`, or the DataFrame.
    """

    empty: Any

    @classmethod
    def of(cls, table: Any) -> "Form":
        """The form of an array `[rows, columns]` of numbers, or of a DataFrame."""
        return cls((table.iloc if is_frame(table) else table)[:0].copy())

    def rows(self, values: np.ndarray, columns: Sequence[Column]) -> Any:
        """Rows, float64 `[rows, columns]` with numbers for categories, as an array or a DataFrame."""
        if not is_frame(self.empty):
            numbers = np.stack([_numbers(*pair) for pair in zip(values.T, columns, strict=True)], axis=1)
            return _in_range(numbers, self.empty.dtype).astype(self.empty.dtype)
        types = list(self.empty.dtypes)
        decoded = [_decoded(values[:, place], *pair) for place, pair in enumerate(zip(columns, types, strict=True))]
        held = {place: _in_range(*pair) for place, pair in enumerate(zip(decoded, types, strict=True))}
        frame = type(self.empty)(held).astype(dict(enumerate(types)))
        frame.columns = self.empty.columns
        return frame


def _decoded(values: np.ndarray, column: Column, dtype: Any) -> np.ndarray:
    """The texts of a categorical column, None for the missing; or the numbers of any column."""
    of_category = getattr(dtype, "categories", None)  # of a categorical type of pandas
    held = dtype if of_category is None else of_category.dtype
    if column.kind != "categorical" or getattr(held, "kind", "O") in "biuf":
        return _numbers(values, column)
    texts = [None if name == MISSING else name for name in column.categories]
    return np.array(texts, object)[np.searchsorted(column.values, values)]


def _numbers(values: np.ndarray, column: Column) -> np.ndarray:
    """The numbers of a column of numbers, of which a few may be categories; NaN for the missing."""
    if column.kind != "categorical":
        return values
    numbers = [math.nan if name == MISSING else float(name) for name in column.categories]
    return np.array(numbers)[np.searchsorted(column.values, values)]


def _in_range(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Numbers that a type of numbers can hold; others unchanged."""
    number = getattr(dtype, "numpy_dtype", dtype)  # of a nullable type of pandas
    if values.dtype == object or number.kind not in "iuf":
        return values
    if number.kind == "f":
        return np.clip(values, np.finfo(number).min, np.finfo(number).max)
    limits = np.iinfo(number)
    return np.clip(np.round(values), max(limits.min, -EXACT), min(limits.max, EXACT))
