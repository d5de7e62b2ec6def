"""Spans of the rows of a source, which any process can read, in any order."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from tfflows.errors import InputError, RowError


@dataclasses.dataclass(frozen=True)
class Span:
    """A range of rows of one source.

    Args:
        first: Number of the first row, counted from 0.
        rows: Number of rows.
        start: Offset of the first byte, if the source is read by bytes.
        stop: Offset after the last byte.
    """

    first: int
    rows: int
    start: int = 0
    stop: int = 0


class Source(Protocol):
    """One file, or one split of a dataset: a small, picklable description, without the rows themselves."""

    @property
    def name(self) -> str:
        """Name of the source in errors."""

    def identity(self) -> dict[str, Any]:
        """A JSON value that changes when the rows change."""

    def spans(self, rows: int) -> Iterator[Span]:
        """Spans of `rows` rows that cover the source, in order."""

    def chunks(self, span: Span, size: int) -> Iterator[Sequence]:
        """The rows of `span` in order, as they are stored, at most `size` at a time; a slice of a chunk is a chunk."""

    def decode(self, chunk: Sequence, first_row: int = 0) -> dict[str, np.ndarray]:
        """`x` of shape `[rows, *event]`, `label` of shape `[rows]` if there are labels, and `context` if there is one.

        Args:
            chunk: Rows as they are stored.
            first_row: Number of the first of them, for errors.

        Raises:
            InputError: A row does not have the format of the source.
        """


def even_spans(total: int, rows: int) -> Iterator[Span]:
    """Spans of `rows` rows that cover `total` rows."""
    return (Span(first, min(rows, total - first)) for first in range(0, total, rows))


def apply_naming_row(function: Callable[[Sequence, int], Any], chunk: Sequence, name: str, first: int) -> Any:
    """Calls `function(chunk, first)`; if it rejects the chunk, the error names the first row that it rejects by itself.

    Raises:
        InputError: The error of `function`, with the number of the row and the `name` of the source, unless it has
            them already; the first row of `chunk` has the number `first`.
    """
    try:
        return function(chunk, first)
    except RowError:
        raise
    except InputError:
        for index in range(len(chunk)):
            try:
                function(chunk[index : index + 1], first + index)
            except InputError as error:
                raise InputError(f"{error} In row {first + index}, counted from 0, of {name!r}.") from None
        raise
