"""From what a column contains to what a model should know about it."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfflows.columns import Column
from tfflows.datasets.tables.statistics import MOST_VALUES, ColumnStatistics
from tfflows.errors import check
from tfflows.sources.encoding import MISSING, missing_rule, name_of

TIES = 0.05  # share of the rows whose value another row has, from which on a column is rounded
SAME = 0.1  # share of different values that must stay different when they are rounded to decimals
FINEST = 8  # decimal places of a column that is rounded to decimals
CELLS = 100  # in the spread of a column whose values repeat, but are not equally spaced
FEW = 10  # different values up to which such a column is one of categories
ATOM = 0.05  # share of the rows at one value, from which on it may be an atom
OUTSTANDING = 4  # times as many rows as at any other value, from which on it is one
MOST_CELLS = 2**20  # of an equally spaced column
SKEWED = 1.0  # skewness from which on a positive column may be put on a log scale


@dataclasses.dataclass(frozen=True)
class Wishes:
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


def column(name: str, found: ColumnStatistics, sample: np.ndarray, wishes: Wishes, *, context: bool = False) -> Column:
    """The column with this name.

    Args:
        name: Name of the column.
        found: What it contains.
        sample: Some of its values, of the training set.
        wishes: What the user says about it.
        context: Whether it is part of the context, whose density is not modeled.

    Raises:
        InputError: The values are of a kind that no model can use.
    """
    is_number = sample.dtype != object
    _check(name, found, wishes, is_number=is_number, context=context)
    if name in wishes.circular:
        return _circular(name, found, *wishes.circular[name])
    is_category = not is_number or name in wishes.categorical
    if is_category or (not context and name not in wishes.continuous and few_values(found)):
        return _categorical(name, found, is_number=is_number)
    sample = sample[~np.isnan(sample)]
    if context:
        return _scaled(Column(name, missing=found.missing > 0), sample, wishes.scaling)
    return _real(name, found, sample, wishes)


def _check(name: str, found: ColumnStatistics, wishes: Wishes, *, is_number: bool, context: bool) -> None:
    table, row = found.first_missing or ("", 0)
    allowed = found.missing == 0 or wishes.missing == "mask"
    check(allowed, missing_rule(), column=name, row=row, file=table, values=found.missing)
    check(found.values != set(), f"Expected column {name!r} to have values: drop it.", missing=found.missing)
    varies = found.values is None or len(found.values) > 1
    rule = f"Expected context column {name!r} to vary: leave it out."
    check(varies or not context, rule, values=sorted(found.values or []))
    asked = [option for option in ("circular", "continuous", "bounds") if name in (getattr(wishes, option) or ())]
    rule = f"Expected numbers in column {name!r}, or no data.circular, data.continuous or data.bounds for it."
    check(is_number or not asked, rule, options=asked)


def _real(name: str, found: ColumnStatistics, sample: np.ndarray, wishes: Wishes) -> Column:
    is_continuous = name in wishes.continuous
    atom = None if is_continuous else atom_of(found, sample)
    sample = sample if atom is None else sample[sample != atom]
    step, origin = (0.0, 0.0) if is_continuous else rounding(found, sample)
    low, high = _bounds(name, found, sample, step, wishes, atom)
    ends = {"low": low, "high": high, "step": step, "origin": origin, "atom": atom}
    return _scaled(Column(name, **ends, missing=found.missing > 0), sample, wishes.scaling)


def few_values(found: ColumnStatistics) -> bool:
    """Whether numbers are categories: one or two of them, or a few that are not equally spaced."""
    if found.values is None or len(found.values) > FEW:
        return False
    return len(found.values) <= 2 or spacing(np.array(sorted(found.values))) is None


def _circular(name: str, found: ColumnStatistics, low: float, high: float) -> Column:
    check(found.missing == 0, f"Expected no missing values in circular column {name!r}.", missing=found.missing)
    return Column(name, "circular", low=low, high=high, shift=(low + high) / 2, scale=(high - low) / 4)


def _categorical(name: str, found: ColumnStatistics, *, is_number: bool) -> Column:
    rule = f"Expected at most {MOST_VALUES} categories in column {name!r}: drop it, or group them."
    check(found.values is not None, rule, categories=f"more than {MOST_VALUES}")
    values = sorted(found.values)
    names = [value if isinstance(value, str) else name_of(value) for value in values]
    numbers = values if is_number and not found.missing else []
    if names == [str(place) for place in range(len(names))] and not numbers:
        numbers = range(1, len(names) + 1)  # names that are the numbers would say that the column holds numbers
    return Column(name, "categorical", (*names, *([MISSING] if found.missing else [])), tuple(numbers))


def atom_of(found: ColumnStatistics, sample: np.ndarray) -> float | None:
    """A value that far more rows have than any other, among numbers that are not integers; None if there is none."""
    values, counts = np.unique(sample, return_counts=True)
    if found.whole or len(values) <= FEW or counts.max() < ATOM * len(sample):
        return None
    others = np.delete(counts, counts.argmax())
    return float(values[counts.argmax()]) if counts.max() > OUTSTANDING * others.max() else None


def rounding(found: ColumnStatistics, sample: np.ndarray) -> tuple[float, float]:
    """The step of a column and one of its values: 1 and 0 for integers, 0 for a step of a continuous column.

    Where values repeat without being equally spaced, as where many are exactly 0, the step is a power of ten, about a
    hundredth of the spread: without noise in cells, the likelihood of a repeated value has no upper bound.
    """
    if found.whole:
        return 1.0, 0.0
    if not repeats(sample):
        return 0.0, 0.0
    for places in range(1, FINEST + 1):
        if _is_rounded(sample * 10.0**places):
            return float(f"1e-{places}"), 0.0
    return spacing(np.unique(sample)) or (_coarse(found, sample), 0.0)


def repeats(sample: np.ndarray) -> bool:
    """Whether many rows have the value of another row."""
    _, counts = np.unique(sample, return_counts=True)
    return bool(counts[counts > 1].sum() >= TIES * len(sample))


def spacing(values: np.ndarray) -> tuple[float, float] | None:
    """The distance of equally spaced numbers, of which some may be left out, and the first; None if they are not.

    Args:
        values: Different numbers, ascending.
    """
    gaps = np.diff(values)
    cells = np.round((values - values[0]) / gaps.min())
    step = (values[-1] - values[0]) / cells[-1]  # more precise than a single gap
    even = cells[-1] < MOST_CELLS and np.abs(values - values[0] - cells * step).max() < 1e-3 * step
    return (float(step), float(values[0])) if even else None


def _coarse(found: ColumnStatistics, sample: np.ndarray) -> float:
    spread = np.quantile(sample, 0.95) - np.quantile(sample, 0.05) or np.ptp(sample) or found.high - found.low
    return float(f"1e{math.floor(math.log10(spread / CELLS))}")


def _is_rounded(scaled: np.ndarray) -> bool:
    """Whether numbers are integers up to errors of rounding, and not just smaller than these."""
    integers = np.round(scaled)
    close = np.allclose(scaled, integers, rtol=1e-9, atol=1e-4) and np.abs(scaled).max() < 2**40
    return close and len(np.unique(integers)) > SAME * len(np.unique(scaled))


def _bounds(
    name: str, found: ColumnStatistics, sample: np.ndarray, step: float, wishes: Wishes, atom: float | None
) -> tuple[float | None, float | None]:
    """The ends of the support; those of a rounded column are the ends of its cells."""
    if wishes.bounds is None:
        return detected_bounds(found, sample, step, atom)
    low, high = wishes.bounds.get(name, (None, None))
    inside = (low is None or found.low >= low) and (high is None or found.high <= high)
    on_edge = step == 0 and ((found.low == low != atom) or (found.high == high != atom))
    rule = f"Expected the values of column {name!r} inside of its bounds, {low} and {high}: widen --set=data.bounds."
    check(inside and not on_edge, rule, smallest=found.low, largest=found.high)
    return (None if low is None else low - step / 2), (None if high is None else high + step / 2)


def detected_bounds(
    found: ColumnStatistics, sample: np.ndarray, step: float, atom: float | None
) -> tuple[float | None, float | None]:
    """Positive for numbers that are, and that are far less skewed on a log scale; the unit interval for continuous
    numbers that fill it.
    """
    if step == 0 and 0 < found.low < 0.05 and 0.95 < found.high < 1:
        return 0.0, 1.0
    low = 0.0 - step / 2
    inside = found.low > low or (found.low == low == atom)
    if found.low < 0 or not inside or sample.min() <= low:
        return None, None
    skewness, on_log_scale = skewness_of(sample), skewness_of(np.log(sample - low))
    return (low, None) if skewness > SKEWED and abs(on_log_scale) < skewness / 2 else (None, None)


def skewness_of(x: np.ndarray) -> float:
    """The third standardized moment."""
    centered = x - x.mean()
    scale = centered.std()
    return float(np.mean((centered / scale) ** 3)) if scale > 0 else 0.0


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
