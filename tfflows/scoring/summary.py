"""What the scores say together, in one pass over them."""

import dataclasses
import math

import numpy as np
import pyarrow as pa

from tfflows import metrics
from tfflows.events import Event


@dataclasses.dataclass
class Summary:
    """Mean and spread of the scores so far, and how many are outliers.

    Args:
        rows: How many.
        mean: Of their scores, nats.
        squares: Sum of the squared distances from the mean.
        outliers: How many were flagged.
    """

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0
    outliers: int = 0

    def add(self, table: pa.RecordBatch) -> None:
        """Takes in the scores of a part, which has rows.

        Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
        (1979), equations 2.1.
        """
        values = table["log_prob"].to_numpy().astype(np.float64)
        rows, mean = len(values), values.mean()
        both, apart = self.rows + rows, mean - self.mean
        self.squares += float(np.sum((values - mean) ** 2) + apart**2 * self.rows * rows / both)
        self.mean, self.rows = float(self.mean + apart * rows / both), both
        if "outlier" in table.schema.names:
            self.outliers += table["outlier"].true_count

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN of fewer than two rows."""
        return math.sqrt(self.squares / (self.rows - 1) / self.rows) if self.rows > 1 else math.nan

    def text(self, event: Event) -> str:
        """The mean with its standard error, `-90.074 +- 0.699 nats`, and in bits/dim for discrete events."""
        if not self.rows:
            return "none"
        text = f"{self.mean:.3f} +- {self.error:.3f} nats"
        if event.discrete:
            bits, error = metrics.bits_per_dim(self.mean, event), metrics.bits_per_dim(-self.error, event)
            text += f", {bits:.4f} +- {error:.4f} bits/dim"
        return text
