"""Which split a row belongs to: a function of a seed and of the row, so that no row is in two splits.

Each row gets a number in [0, 1), by a hash. Validation has the rows with the lowest numbers, test those that follow. If
a table has a continuous column, rows that are equal get the same number, so that a copy of a training row is never a
row of the test set; otherwise equal rows are not copies of each other, and the number is the hash of the row's index.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

BINS = 2**20
MOST_HELD_OUT = 20_000  # rows of a validation or test split that is cut from the training rows
PARTS = ("train", "validation", "test")


def held_out(rows: int, fraction: float) -> int:
    """Number of rows of a validation or test split that is cut from `rows` training rows."""
    return min(max(1, round(fraction * rows)), MOST_HELD_OUT)


@dataclasses.dataclass(frozen=True)
class RowHash:
    """The bin of each row, in 0..BINS-1.

    Args:
        seed: Seed of the hash.
        by_content: Whether to hash the numbers in the row instead of its index in the table.
        weight: Name of the column with the weights, which do not make rows different; None for none.
    """

    seed: int
    by_content: bool
    weight: str | None = None

    def __call__(self, columns: Mapping[str, np.ndarray], places: np.ndarray) -> np.ndarray:
        """The bin of each row, int64 `[rows]`.

        Args:
            columns: Columns `[rows]` by name, of which those of float64 count.
            places: Number of each row in the whole table, int64 `[rows]`.
        """
        state = np.full(len(places), mixed(np.array([self.seed % 2**64], np.uint64))[0], np.uint64)
        numbers = sorted(name for name in columns if columns[name].dtype != object and name != self.weight)
        if self.by_content and numbers:
            parts = ((columns[name] + 0.0).view(np.uint64) for name in numbers)  # -0.0 + 0.0 is 0.0
        else:
            parts = (places.astype(np.uint64),)
        for part in parts:
            state = mixed(state ^ part)
        return (state >> np.uint64(64 - 20)).astype(np.int64)


def mixed(x: np.ndarray) -> np.ndarray:
    """A bijection of 64-bit words whose output looks random.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64.
    """
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclasses.dataclass(frozen=True)
class Cuts:
    """The bins in which validation and test end.

    Args:
        validation: First bin that is not one of validation.
        test: First bin that is not one of test.
    """

    validation: int
    test: int

    @classmethod
    def of(cls, histogram: np.ndarray, validation: int, test: int) -> "Cuts":
        """Cuts that give validation and test about these numbers of rows, and at least one if that is possible.

        Args:
            histogram: Number of rows of each bin.
            validation: Number of rows of the validation split.
            test: Number of rows of the test split.
        """
        ends = np.cumsum(histogram)
        first = int(np.searchsorted(ends, validation)) + 1 if validation else 0
        last = int(np.searchsorted(ends, (ends[first - 1] if first else 0) + test)) + 1 if test else first
        return cls(first, last)

    def part(self, bins: np.ndarray) -> np.ndarray:
        """The split of each row, as its place in PARTS."""
        return np.where(bins < self.validation, 1, np.where(bins < self.test, 2, 0))

    def sizes(self, histogram: np.ndarray) -> dict[str, int]:
        """Number of rows of each split."""
        counts = [histogram[self.test :], histogram[: self.validation], histogram[self.validation : self.test]]
        return {name: int(count.sum()) for name, count in zip(PARTS, counts, strict=True)}
