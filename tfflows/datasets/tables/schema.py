"""From what a column contains to what a model should know about it."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfflows.columns import Column
from tfflows.datasets.tables.shape import atom_of, detected_bounds, few_values, rounding
from tfflows.datasets.tables.statistics import MOST_VALUES, ColumnStatistics
from tfflows.errors import check
from tfflows.sources.encoding import MISSING, missing_rule, name_of


@dataclasses.dataclass(frozen=True)
class ColumnOptions:
    """What the user says about columns.

    Args:
        categorical: Names of columns whose numbers are categories.
        continuous: Names of columns that are not rounded, whatever their values are.
        circular: Ends of each circular column, by name.
        bounds: Ends of each bounded column, by name; None detects them.
        scaling: `"standard"` for mean and standard deviation, `"robust"` for median and quartiles.
        missing: `"error"` or `"mask"`.
    """

    categorical: tuple[str, ...] = ()
    continuous: tuple[str, ...] = ()
    circular: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None
    scaling: str = "standard"
    missing: str = "error"


def column(
    name: str, found: ColumnStatistics, sample: np.ndarray, options: ColumnOptions, *, context: bool = False
) -> Column:
    """The column with this name.

    Args:
        name: Name of the column.
        found: What it contains.
        sample: Some of its values, of the training set.
        options: What the user says about it.
        context: Whether it is part of the context, whose density is not modeled.

    Raises:
        InputError: The values are of a kind that no model can use.
    """
    is_number = sample.dtype != object
    _check(name, found, options, is_number=is_number, context=context)
    if name in options.circular:
        return _circular(name, found, *options.circular[name])
    is_category = not is_number or name in options.categorical
    if is_category or (not context and name not in options.continuous and few_values(found, sample)):
        return _categorical(name, found, is_number=is_number)
    sample = sample[~np.isnan(sample)]
    check(len(sample) > 0, f"Expected column {name!r} to have values in the training set: drop it.", training_values=0)
    if context:
        return _scaled(Column(name, missing=found.missing > 0), sample, options.scaling)
    return _real(name, found, sample, options)


def _check(name: str, found: ColumnStatistics, options: ColumnOptions, *, is_number: bool, context: bool) -> None:
    table, row = found.first_missing or ("", 0)
    allowed = found.missing == 0 or options.missing == "mask"
    check(allowed, missing_rule(), column=name, row=row, file=table, values=found.missing)
    check(found.values != set(), f"Expected column {name!r} to have values: drop it.", missing=found.missing)
    varies = found.values is None or len(found.values) > 1
    rule = f"Expected context column {name!r} to vary: leave it out."
    check(varies or not context, rule, values=sorted(found.values or []))
    asked = [option for option in ("circular", "continuous", "bounds") if name in (getattr(options, option) or ())]
    rule = f"Expected numbers in column {name!r}, or no data.circular, data.continuous or data.bounds for it."
    check(is_number or not asked, rule, options=asked)


def _real(name: str, found: ColumnStatistics, sample: np.ndarray, options: ColumnOptions) -> Column:
    is_continuous = name in options.continuous
    atom = None if is_continuous else atom_of(found, sample)
    sample = sample if atom is None else sample[sample != atom]
    step, origin = (0.0, 0.0) if is_continuous else rounding(found, sample)
    low, high = _bounds(name, found, sample, step, options, atom)
    ends = {"low": low, "high": high, "step": step, "origin": origin, "atom": atom}
    return _scaled(Column(name, **ends, missing=found.missing > 0), sample, options.scaling)


def _circular(name: str, found: ColumnStatistics, low: float, high: float) -> Column:
    check(found.missing == 0, f"Expected no missing values in circular column {name!r}.", missing=found.missing)
    return Column(name, "circular", low=low, high=high, shift=(low + high) / 2, scale=(high - low) / 4)


def _categorical(name: str, found: ColumnStatistics, *, is_number: bool) -> Column:
    rule = f"Expected at most {MOST_VALUES} categories in column {name!r}: drop it, or group them."
    check(found.values is not None, rule, categories=f"more than {MOST_VALUES}")
    values = sorted(found.values)
    names = [value if isinstance(value, str) else name_of(value) for value in values]
    numbers = values if is_number and not found.missing else []
    if names == [str(place) for place in range(len(names))] and not numbers and not found.missing:
        numbers = range(1, len(names) + 1)  # names that are the numbers would say that the column holds numbers
    return Column(name, "categorical", (*names, *([MISSING] if found.missing else [])), tuple(numbers))


def _bounds(
    name: str, found: ColumnStatistics, sample: np.ndarray, step: float, options: ColumnOptions, atom: float | None
) -> tuple[float | None, float | None]:
    """The ends of the support; those of a rounded column are the ends of its cells."""
    if options.bounds is None:
        return detected_bounds(found, sample, step, atom)
    low, high = options.bounds.get(name, (None, None))
    inside = (low is None or found.low >= low) and (high is None or found.high <= high)
    on_edge = step == 0 and ((found.low == low != atom) or (found.high == high != atom))
    rule = f"Expected the values of column {name!r} inside of its bounds, {low} and {high}: widen --set=data.bounds."
    check(inside and not on_edge, rule, smallest=found.low, largest=found.high)
    return (None if low is None else low - step / 2), (None if high is None else high + step / 2)


def _scaled(column: Column, sample: np.ndarray, scaling: str) -> Column:
    """The column with its location and scale on the real line."""
    y = _on_the_line(column, sample)
    if scaling == "robust":
        low, middle, high = np.quantile(y, [0.25, 0.5, 0.75])
        shift, scale = middle, (high - low) / 1.349  # the quartiles of a normal distribution
    else:
        shift, scale = y.mean(), y.std()
    scale = scale if scale > 0 else y.std() or max(abs(shift), 1.0)
    return dataclasses.replace(column, shift=float(shift), scale=float(scale))


def _on_the_line(column: Column, x: np.ndarray) -> np.ndarray:
    low, high = column.support
    if math.isinf(low) and math.isinf(high):
        return x
    log_low = np.log(x - low) if math.isfinite(low) else 0.0
    return log_low - (np.log(high - x) if math.isfinite(high) else 0.0)


def classes(name: str, found: ColumnStatistics) -> tuple[str, ...]:
    """The names of the classes, numbers in their order.

    Raises:
        InputError: There are fewer than two classes or too many, or a label is missing.
    """
    table, row = found.first_missing or ("", 0)
    check(found.missing == 0, f"Expected a label in column {name!r} of each row.", row=row, file=table)
    check(found.values is not None, f"Expected at most {MOST_VALUES} classes in column {name!r}.", classes="more")
    values: Sequence[str] = sorted(found.values)
    check(len(values) > 1, f"Expected at least two classes in column {name!r}.", classes=values)
    try:
        return tuple(sorted(values, key=float))
    except ValueError:
        return tuple(values)
