"""Measures the time of a call, and writes it to a table."""

import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfflows.errors import check
from tfflows.export import environment


def seconds_per_call(call: Callable[[], Any], *, budget: float, least: int = 5) -> tuple[float, float]:
    """Median time of a call and its interquartile range, over as many calls as fit into `budget` seconds.

    The first two calls, which trace and warm up, do not count.
    """
    call(), call()
    times = []
    start = time.perf_counter()
    while len(times) < least or time.perf_counter() - start < budget:
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    quarters = statistics.quantiles(times, n=4)
    return statistics.median(times), quarters[2] - quarters[0]


def append(path: Path, rows: list[dict[str, Any]]) -> None:
    """Adds rows, each with commit, hardware and versions, to a CSV; writes the header if the file is new."""
    source = environment()
    rows = [{**row, **source} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    if not is_new:
        with path.open(newline="") as file:
            header = next(csv.reader(file))
        check(list(rows[0]) == header, f"Expected rows with the columns of {str(path)!r}.", columns=list(rows[0]))
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)
