"""The standard tabular benchmarks of density estimation: their preprocessing and their splits.

Each function takes the contents of the files and returns train, validation and test set, `[rows, columns]`. The order
of the rows and the random numbers are those of the authors' code, so the splits are the published ones.

Source: Papamakarios et al., "Masked Autoregressive Flow for Density Estimation" (1705.07057), and the authors' code.
"""

from collections.abc import Sequence

import numpy as np

Splits = tuple[np.ndarray, np.ndarray, np.ndarray]

_CORRELATED = 0.98
_MOST_REPEATS = 5


def power(table: np.ndarray) -> Splits:
    """POWER: the electric power of a household, shuffled, with uniform noise against rounding; 6 columns.

    Args:
        table: `[rows, 8]`: active and reactive power, voltage, intensity, three meters, and the time of the day.
            Reactive power and intensity, the columns 1 and 3, are left out.
    """
    random = np.random.RandomState(42)
    rows = table.copy()
    random.shuffle(rows)
    rows = np.delete(rows, [1, 3], axis=1)
    voltage, active = 0.01 * random.rand(len(rows), 1), 0.001 * random.rand(len(rows), 1)
    meters, time = random.rand(len(rows), 3), np.zeros((len(rows), 1))
    return _standardized(*_cut(rows + np.hstack([active, voltage, meters, time])))


def gas(names: Sequence[str], table: np.ndarray) -> Splits:
    """GAS: sensors in a mixture of two gases, without those that are correlated with a later one; 8 of 16 columns.

    Args:
        names: Names of the columns: `Time`, `Meth` and `Eth`, which are left out, and those of the sensors.
        table: `[rows, len(names)]`.
    """
    sensors = table[:, [name not in ("Time", "Meth", "Eth") for name in names]]
    near = np.corrcoef(sensors, rowvar=False) > _CORRELATED
    kept = list(range(sensors.shape[1]))
    while (repeated := near[np.ix_(kept, kept)].sum(axis=1) > 1).any():
        del kept[int(np.argmax(repeated))]
    sensors = sensors[:, kept]
    return _cut((sensors - sensors.mean(axis=0)) / sensors.std(axis=0, ddof=1))


def hepmass(train: np.ndarray, test: np.ndarray) -> Splits:
    """HEPMASS: collisions that produce a particle of mass 1000, without features of a few values; 21 columns.

    Args:
        train: `[rows, 1 + features]`; the first column is 1 for these collisions.
        test: `[rows, 1 + features + 1]`; the last column is left out.
    """
    train, test = (table[table[:, 0] == 1] for table in (train, test[:, :-1]))
    train, test = train[:, 1:], test[:, 1:]
    mean, scale = train.mean(axis=0), train.std(axis=0, ddof=1)
    train, test = (train - mean) / scale, (test - mean) / scale
    # As in the authors' code, the smallest value alone tells whether values are repeated.
    continuous = np.sum(train == train.min(axis=0), axis=0) <= _MOST_REPEATS
    train, test = train[:, continuous], test[:, continuous]
    return *_without_last(train), test


def miniboone(table: np.ndarray) -> Splits:
    """MINIBOONE: electron neutrinos; 43 columns.

    Args:
        table: `[rows, 43]`, from which the authors have removed outliers and columns of a few values.
    """
    return _standardized(*_cut(table))


def _cut(rows: np.ndarray) -> Splits:
    """The last tenth is the test set; of the others, the last tenth is the validation set."""
    others, test = _without_last(rows)
    return *_without_last(others), test


def _without_last(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tenth = int(0.1 * len(rows))
    return rows[:-tenth], rows[-tenth:]


def small(validation: np.ndarray, test: np.ndarray) -> Splits:
    """Splits without a training set: a tenth of the validation rows, chosen at random, validates, the rest trains."""
    order = np.random.RandomState(0).permutation(len(validation))
    few = max(1, len(validation) // 10)
    return validation[order[few:]], validation[order[:few]], test


def _standardized(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Splits:
    """Means of 0 and standard deviations of 1 over train and validation set."""
    known = np.concatenate([train, validation])
    return tuple((split - known.mean(axis=0)) / known.std(axis=0) for split in (train, validation, test))
