"""Parts of an input: ranges of rows that are read, scored and kept each alone, in any order, by any process."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from tfflows.errors import InputError


@dataclasses.dataclass(frozen=True)
class Span:
    """Rows of one source.

    Args:
        first: The first row, counted from 0.
        rows: How many there are.
        start: The byte that they start at, where the source is read by bytes.
        stop: The byte that they end before.
    """

    first: int
    rows: int
    start: int = 0
    stop: int = 0


class Source(Protocol):
    """One file, or one split of a dataset: what is read of it is a picklable value, small and without the rows."""

    @property
    def name(self) -> str:
        """What an error calls it."""

    def identity(self) -> dict[str, Any]:
        """What changes when its rows change, for JSON."""

    def spans(self, rows: int) -> Iterator[Span]:
        """All of its rows in order, `rows` at a time."""

    def chunks(self, span: Span, size: int) -> Iterator[Sequence]:
        """The rows of `span` in order as they are stored, at most `size` at a time; a slice of a chunk is one."""

    def decode(self, chunk: Sequence) -> dict[str, np.ndarray]:
        """`x` of shape `[rows, *event]` and, where there are labels, `label` of shape `[rows]`.

        Raises:
            InputError: A row is not what this format should hold.
        """


@dataclasses.dataclass(frozen=True)
class Part:
    """A span of a source and its place in the whole input.

    Args:
        number: In the order of the input, from 0.
        row: Of the whole input, at which it starts.
        source: Where its rows are.
        span: Which of them.
    """

    number: int
    row: int
    source: Source
    span: Span


def cut(sources: Sequence[Source], rows: int) -> list[Part]:
    """The sources one after the other, in parts of `rows` rows; a part belongs to one source alone."""
    parts, row = [], 0
    for source in sources:
        for span in source.spans(rows):
            parts.append(Part(len(parts), row, source, span))
            row += span.rows
    return parts


def total(parts: Sequence[Part]) -> int:
    """Rows of all parts."""
    return sum(part.span.rows for part in parts)


def even_spans(total: int, rows: int) -> Iterator[Span]:
    """`total` rows, `rows` at a time."""
    return (Span(first, min(rows, total - first)) for first in range(0, total, rows))


def located(function: Callable[[Sequence], Any], chunk: Sequence, name: str, first: int) -> Any:
    """`function(chunk)`; where that is refused, the error names the first row that is refused alone.

    Raises:
        InputError: By `function`, with the row, counted from 0 with `chunk` starting at `first`, and `name`.
    """
    try:
        return function(chunk)
    except InputError:
        for index in range(len(chunk)):
            try:
                function(chunk[index : index + 1])
            except InputError as error:
                raise InputError(f"{error} In row {first + index}, counted from 0, of {name!r}.") from None
        raise
