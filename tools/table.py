"""Tables of measured rows, in which a run that is measured again replaces its rows."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfflows.files import atomic_write

Key = Callable[[Mapping[str, str]], tuple]


def add(
    new: Iterable[Mapping[str, Any]], path: Path, columns: Sequence[str], *, run: Key, order: Key
) -> list[dict[str, str]]:
    """Writes rows into a table, in place of those of the same runs.

    Args:
        new: The new rows.
        path: A CSV file with a header.
        columns: Names of the columns.
        run: What tells the run of a row from others.
        order: What the rows are sorted by.

    Returns:
        All rows.
    """
    new = [{name: str(row[name]) for name in columns} for row in new]
    runs = {run(row) for row in new}
    with path.open(newline="") as file:
        kept = [row for row in csv.DictReader(file) if run(row) not in runs]
    rows = sorted([*kept, *new], key=order)
    with atomic_write(path) as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows
