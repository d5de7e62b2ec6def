"""Mean and standard error of the scores, in one pass over them."""

import dataclasses
import math

import numpy as np

from tfflows import metrics
from tfflows.events import Event
from tfflows.metrics import ScoreKind


@dataclasses.dataclass
class Summary:
    """Mean and spread of the scores so far, and the number of outliers.

    Args:
        rows: Number of rows.
        scored: Number of rows with a finite score; only these count for the mean and the spread.
        mean: Mean score in nats.
        squares: Sum of the squared distances from the mean.
        outliers: Number of outliers.
    """

    rows: int = 0
    scored: int = 0
    mean: float = 0.0
    squares: float = 0.0
    outliers: int = 0

    def add(self, columns: dict[str, np.ndarray]) -> None:
        """Adds the columns of a part."""
        values = columns["log_prob"].astype(np.float64)
        self.rows += len(values)
        self._merge(values[np.isfinite(values)])
        self.outliers += int(np.sum(columns.get("outlier", 0)))

    def _merge(self, values: np.ndarray) -> None:
        """Combines mean and squares with those of `values`, since a sum of squares would lose precision.

        Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
        (1979), equations 2.1a and 2.1b.
        """
        if len(values) == 0:
            return
        both, mean = self.scored + len(values), values.mean()
        apart = mean - self.mean
        self.squares += float(np.sum((values - mean) ** 2) + apart**2 * self.scored * len(values) / both)
        self.mean, self.scored = float(self.mean + apart * len(values) / both), both

    @property
    def error(self) -> float:
        """Standard error of the mean in nats; NaN with fewer than two scores."""
        return math.sqrt(self.squares / (self.scored - 1) / self.scored) if self.scored > 1 else math.nan

    def text(self, event: Event, kind: ScoreKind = ScoreKind.EXACT) -> str:
        """The mean with its standard error, `-90.074 +- 0.699 nats`, and in bits/dim for discrete events.

        Args:
            event: What was scored.
            kind: What the scores are.
        """
        if not self.scored:
            return "none"
        text = f"{self.mean:.3f} +- {self.error:.3f} nats{kind.text}"
        if event.discrete:
            bits, error = metrics.bits_per_dim(self.mean, event), metrics.bits_per_dim(-self.error, event)
            text += f", {bits:.4f} +- {error:.4f} bits/dim"
        left_out = self.rows - self.scored
        return f"{text}, without {left_out:,} rows whose score is not finite" if left_out else text
