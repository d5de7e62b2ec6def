"""The memory that a table takes: peak resident size while it is surveyed and streamed, whatever its number of rows.

Each table is written to a temporary folder, piece by piece, and read by a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = (200_000, 2_000_000, 6_000_000)
COLUMNS, PIECE = 20, 200_000
BATCHES, BATCH_SIZE = 200, 1024


def write(path: Path, rows: int) -> None:
    """Writes a Parquet file of normal float32 columns, a piece at a time."""
    random = np.random.default_rng(0)
    schema = pa.schema([(f"x{index}", pa.float32()) for index in range(COLUMNS)])
    with pq.ParquetWriter(path, schema, compression="none") as writer:
        for first in range(0, rows, PIECE):
            x = random.normal(size=(min(PIECE, rows - first), COLUMNS)).astype(np.float32)
            writer.write_table(pa.table(list(x.T), schema=schema))


def peak_mb() -> float:
    """The highest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: str) -> dict[str, Any]:
    """Loads a table, then reads batches of its training set, and its validation set, in this process."""
    from tfflows import datasets
    from tfflows.training.pipeline import one_pass, training_stream

    imported, start = peak_mb(), time.perf_counter()
    datasets.event(path)
    surveyed, loading = time.perf_counter(), time.perf_counter()
    data = datasets.load(path)
    loaded = time.perf_counter()
    for _ in training_stream(data.train, batch_size=BATCH_SIZE, seed=0).take(BATCHES):
        pass
    trained = time.perf_counter()
    validated = sum(len(batch["x"]) for batch in one_pass(data.validation, batch_size=BATCH_SIZE))
    validation = time.perf_counter() - trained
    return {
        **{"survey_seconds": surveyed - start, "load_seconds": loaded - loading},
        **{"training_rows_per_second": BATCHES * BATCH_SIZE / (trained - loaded)},
        **{"validation_rows": validated, "validation_seconds": validation},
        **{"import_mb": imported, "peak_mb": peak_mb()},
    }


def measure(rows: int, folder: Path) -> dict[str, Any]:
    """A row of results, measured in a fresh process."""
    path = folder / "table.parquet"
    write(path, rows)
    command = [sys.executable, "-m", "benchmarks.memory", f"--read={path}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    measured = {name: round(value, 2) for name, value in json.loads(run.stdout.splitlines()[-1]).items()}
    file_mb = round(path.stat().st_size / 2**20, 1)
    path.unlink()
    return {"rows": rows, "columns": COLUMNS, "file_mb": file_mb, **measured}


def main() -> None:
    """Measures each table, and appends a row for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "memory.csv")
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read(arguments.read)))
        return
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            measured.append(measure(rows, Path(folder)))
            print(measured[-1], flush=True)
    from benchmarks import timing  # only here: a process starts with the peak of its parent, which must stay small

    timing.append(arguments.output, measured)


if __name__ == "__main__":
    main()
