"""What the numbers of a column look like: categories, equally spaced, with an atom, or bounded."""

import math

import numpy as np

from tfflows.datasets.tables.statistics import ColumnStatistics

TIES = 0.05  # minimum share of rows with a repeated value, for a column to count as rounded
SAME = 0.1  # share of different values that must stay different when they are rounded to decimals
FINEST = 8  # decimal places of a column that is rounded to decimals
CELLS = 100  # in the spread of a column whose values repeat, but are not equally spaced
FEW = 10  # different values up to which such a column is one of categories
ATOM = 0.05  # minimum share of the rows at one value, for it to be an atom
OUTSTANDING = 4  # minimum ratio of its rows to those at any other value
MOST_CELLS = 2**20  # of an equally spaced column
SKEWED = 1.0  # minimum skewness of a positive column that is put on a log scale


def few_values(found: ColumnStatistics, sample: np.ndarray) -> bool:
    """Whether numbers are categories: one or two of them, or a few that repeat and are not equally spaced."""
    if found.values is None or len(found.values) > FEW:
        return False
    return len(found.values) <= 2 or (repeats(sample) and spacing(np.array(sorted(found.values))) is None)


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
    if len(values) < 2:
        return None
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


def detected_bounds(
    found: ColumnStatistics, sample: np.ndarray, step: float, atom: float | None
) -> tuple[float | None, float | None]:
    """Bounds that fit the data: the unit interval for continuous numbers that fill it; a lower bound of 0 for positive
    numbers that are far less skewed on a log scale; otherwise none.
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
