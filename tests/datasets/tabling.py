"""Small tables in every format, and the rows of a split."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.sources import reading
from tfflows.datasets import Data, Split

PARTS = ("train", "validation", "test")
FORMATS = ("csv", "parquet", "npy", "npz", "tfrecord")


def numbers(rows: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    """Two continuous columns and one of integers, which float32 holds exactly."""
    random = np.random.RandomState(seed)
    columns = {"x0": random.normal(size=rows), "x1": random.lognormal(size=rows), "x2": random.poisson(5, rows)}
    return {name: values.astype(np.float32).astype(np.float64) for name, values in columns.items()}


def mixed(rows: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    """A column of every kind, and of every role."""
    random = np.random.RandomState(seed)
    return {
        "length": random.normal(size=rows),
        "income": random.lognormal(size=rows),
        "children": random.poisson(2, rows),
        "hour": random.uniform(0, 24, rows),
        "color": random.choice(["red", "green", "blue"], rows),
        "share": random.uniform(0.001, 0.999, rows),
        "temperature": random.normal(20, 5, rows),
        "species": random.choice(["cat", "dog"], rows),
        "weight": random.randint(1, 4, rows),
    }


ROLES = {"context": "temperature", "label": "species", "weight": "weight", "circular": "hour:0:24"}


def write(path: Path, columns: dict[str, np.ndarray]) -> str:
    """Writes a table in the format of the path's ending, and returns the path; matrices hold columns x0, x1, ..."""
    matrix = [list(map(float, row)) for row in zip(*columns.values(), strict=True)] if path.suffix in MATRICES else None
    return reading.write(path, CONTENT[path.suffix](columns, matrix))


def text(columns: dict[str, np.ndarray]) -> str:
    """A CSV."""
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n"


MATRICES = (".npy", ".npz", ".tfrecord")
CONTENT = {
    ".csv": lambda columns, _: text(columns),
    ".parquet": lambda columns, _: pa.table(columns),
    ".npy": lambda _, matrix: np.array(matrix),
    ".npz": lambda _, matrix: {"x": np.array(matrix)},
    ".tfrecord": lambda _, matrix: [{"x": row} for row in matrix],
}


def rows(split: Split) -> dict[str, np.ndarray]:
    """All examples, in their order."""
    found = list(split.examples.as_numpy_iterator())
    return {name: np.stack([row[name] for row in found]) for name in found[0]}


def splits(data: Data) -> dict[str, dict[str, np.ndarray]]:
    """All examples of the three splits."""
    found = {part: rows(getattr(data, part)) for part in PARTS}
    assert all(len(found[part]["x"]) == getattr(data, part).size for part in PARTS)
    return found


def assert_same(one, other) -> None:
    """Asserts that the rows of two datasets are exactly the same, in the same order."""
    for part in PARTS:
        assert one[part].keys() == other[part].keys()
        for name in one[part]:
            np.testing.assert_array_equal(one[part][name], other[part][name], err_msg=f"{part}, {name}")


def row_set(x: np.ndarray) -> set[bytes]:
    """The different rows."""
    return {row.tobytes() for row in x}
