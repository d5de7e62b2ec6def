"""Parts of an input: ranges of rows that any process can read, score and save, in any order."""

import dataclasses
from collections.abc import Sequence

from tfflows.sources.spans import Source, Span


@dataclasses.dataclass(frozen=True)
class Part:
    """A span of a source and its position in the whole input.

    Args:
        number: Number of the part, from 0, in the order of the input.
        row: Number of its first row in the whole input.
        source: Source of the rows.
        span: Range of rows of the source.
    """

    number: int
    row: int
    source: Source
    span: Span


def split_into_parts(sources: Sequence[Source], rows: int) -> list[Part]:
    """Splits the sources, in order, into parts of `rows` rows; a part never crosses the end of a source."""
    parts, row = [], 0
    for source in sources:
        for span in source.spans(rows):
            parts.append(Part(len(parts), row, source, span))
            row += span.rows
    return parts


def total(parts: Sequence[Part]) -> int:
    """Number of rows of all parts."""
    return sum(part.span.rows for part in parts)
