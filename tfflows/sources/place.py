"""A place in a file, in the errors about it: which option leaves its column out, and what it must not hold."""

import dataclasses
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from tfflows.errors import RowError, check

SHOWN = 80  # characters of a value that an error quotes
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATES = (  # the time may follow
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}",
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}",
    r"\d{1,2}/\d{1,2}/\d{2}",
    rf"\d{{1,2}}[ -]{MONTH}[ -,]+\d{{2,4}}",
    rf"{MONTH} \d{{1,2}},? \d{{4}}",
)
DATE = re.compile(rf"\s*({'|'.join(DATES)})(([T ,]+)\d{{1,2}}:\d{{2}}.*)?\s*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Place:
    """Some rows of one column of a file.

    Args:
        file: Path of the file.
        name: Name of the column.
        rows: Number of the first row, counted from 0; or the number of each row.
    """

    file: str
    name: str
    rows: int | np.ndarray = 0

    @property
    def dropped(self) -> str:
        """The option that leaves the column out."""
        return f"--set=data.drop={shlex.quote(self.name)}"

    def refuse(self, rule: str, index: int, value: Any) -> NoReturn:
        """Raises the error about one entry."""
        value = value[:SHOWN] if isinstance(value, str | bytes) else value
        row = self.rows + index if isinstance(self.rows, int) else int(self.rows[index])
        raise _error(rule, file=self.file, row=row, column=self.name, value=value)

    def refuse_type(self, rule: str, dtype: Any) -> NoReturn:
        """Raises the error about the type of all entries."""
        raise _error(rule, file=self.file, column=self.name, type=str(dtype)[:SHOWN])

    @property
    def no_dates(self) -> str:
        """The rule that a date breaks."""
        return (
            f"Expected numbers or categories, not dates: convert {self.name!r} to a number such as seconds since 1970, "
            f"or drop it: {self.dropped}."
        )

    def check_date(self, index: int, value: str) -> None:
        """Raises `InputError` if the text is a date."""
        if DATE.fullmatch(value):
            self.refuse(self.no_dates, index, value)


def check_names(path: str, names: Sequence[str]) -> None:
    """Raises `InputError` unless the names of the columns are different."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    check(not twice, "Expected columns with different names: rename them.", file=path, columns=twice)


def check_rows(path: str, rows: int) -> None:
    """Raises `InputError` unless there are rows."""
    check(rows > 0, "Expected a file with rows.", file=path, rows=rows)


def _error(rule: str, **received: Any) -> RowError:
    values = ", ".join(f"{name}={value!r}" for name, value in received.items())
    return RowError(f"{rule} Received: {values}.")
