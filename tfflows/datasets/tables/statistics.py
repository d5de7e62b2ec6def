"""What a table contains, found in one pass over its rows with memory that does not grow with their number."""

import dataclasses
from collections.abc import Mapping

import numpy as np

MOST_VALUES = 1000  # different values of a column that are kept
SAMPLE = 50_000  # rows of the sample, at least half of it once there are so many
SAMPLE_VALUES = 2**24  # numbers in the sample: fewer rows of a table with many columns


@dataclasses.dataclass
class ColumnStatistics:
    """What one column contains.

    Args:
        low: Smallest number; inf before the first.
        high: Largest number.
        whole: Whether all numbers are integers.
        missing: Number of missing values.
        first_missing: Where the first of them is: the name of the table, and the number of the row.
        values: The different values, numbers or text; None if there are more than MOST_VALUES.
    """

    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    missing: int = 0
    first_missing: tuple[str, int] | None = None
    values: set | None = dataclasses.field(default_factory=set)

    def add(self, values: np.ndarray, name: str, numbers: np.ndarray) -> None:
        """Adds the values of some rows: float64 with NaN, or objects with None, where they are missing.

        Args:
            values: The values, `[rows]`.
            name: Name of the table.
            numbers: Number of each row, `[rows]`.
        """
        values = self.add_missing(values, name, numbers)
        if self.values is not None:
            self.values |= set(values.tolist() if values.dtype == object else np.unique(values).tolist())
            self.values = None if len(self.values) > MOST_VALUES else self.values
        if values.dtype != object and len(values):
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
            self.whole = self.whole and bool((values == np.floor(values)).all())

    def add_missing(self, values: np.ndarray, name: str, numbers: np.ndarray) -> np.ndarray:
        """Counts the missing values of some rows, with the arguments of `add`, and returns the others."""
        is_missing = np.equal(values, None) if values.dtype == object else np.isnan(values)
        if is_missing.any():
            self.missing += int(is_missing.sum())
            self.first_missing = self.first_missing or (name, int(numbers[np.argmax(is_missing)]))
        return values[~is_missing]


@dataclasses.dataclass
class Sample:
    """Rows at equal distances, whose number stays below a limit, whatever the number of rows.

    Args:
        stride: Distance between two rows of the sample.
        rows: Number of rows so far, in the whole table.
        parts: The rows of the sample, in parts.
    """

    stride: int = 1
    rows: int = 0
    parts: list[dict[str, np.ndarray]] = dataclasses.field(default_factory=list)

    def add(self, columns: Mapping[str, np.ndarray]) -> None:
        """Adds some rows."""
        count = len(next(iter(columns.values())))
        self._keep(columns, -self.rows % self.stride)
        self.rows += count
        most = min(SAMPLE, SAMPLE_VALUES // len(columns))
        while sum(len(next(iter(part.values()))) for part in self.parts) > most:
            self.stride *= 2
            whole, self.parts = self.columns(), []
            self._keep(whole, 0, stride=2)

    def _keep(self, columns: Mapping[str, np.ndarray], start: int, stride: int | None = None) -> None:
        kept = slice(start, None, stride or self.stride)
        self.parts.append({name: values[kept].copy() for name, values in columns.items()})

    def columns(self) -> dict[str, np.ndarray]:
        """The rows of the sample."""
        return {name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}
