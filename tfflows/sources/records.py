"""The records of a CSV file: lines, of which those with a line break inside quotes belong together."""

import itertools
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tfflows.errors import InputError
from tfflows.sources import storage
from tfflows.sources.spans import Span

BLOCK = 1 << 20
LONGEST = 1 << 24  # bytes of a record; a longer one has a quote that is never closed
HEADER = -1  # number of the first line, if it is not a row
SHOWN = 80  # characters of a record that an error quotes


def spans(path: str, start: int, rows: int) -> Iterator[Span]:
    """Spans of `rows` records from byte `start` on. Blank lines at the end of the file are not records.

    Raises:
        InputError: A quote is not closed.
    """
    with storage.open_to_read(path) as file:
        stop = _content_end(file, start)
        first = count = 0
        for ends in _record_ends(path, file, start, stop):
            for number in range(rows - count, len(ends) + 1, rows):
                end = int(ends[number - 1])
                yield Span(first, rows, start, end)
                first, start = first + rows, end
            count = (count + len(ends)) % rows
    if count:
        yield Span(first, count, start, stop)


def chunks(path: str, span: Span, size: int) -> Iterator[list[bytes]]:
    """The records of a span, at most `size` at a time."""
    with storage.open_to_read(path) as file:
        file.seek(span.start)
        done = 0
        while records := take(path, file, min(size, span.rows - done), span.first + done):
            yield records
            done += len(records)


def take(path: str, file: BinaryIO, count: int, first_row: int) -> list[bytes]:
    """The next `count` records, or fewer at the end of the file; an error counts rows from `first_row` on.

    Raises:
        InputError: A quote is not closed.
    """
    lines = list(itertools.islice(file, count))
    if b'"' not in b"".join(lines):  # most files: no line needs a closer look
        return lines
    return list(itertools.islice(_joined(path, itertools.chain(lines, file), first_row), count))


def _joined(path: str, lines: Iterator[bytes], row: int) -> Iterator[bytes]:
    for record in lines:
        pieces, quotes, length = [record], record.count(b'"'), len(record)
        while quotes % 2:
            piece = next(lines, b"")
            if not piece or length > LONGEST:
                raise _unclosed(path, record, row)
            pieces.append(piece)
            quotes, length = quotes + piece.count(b'"'), length + len(piece)
        yield b"".join(pieces)
        row += 1


def _content_end(file: BinaryIO, start: int) -> int:
    """Offset after the last byte that is not a line break."""
    end = file.seek(0, 2)
    while end > start:
        low = max(start, end - BLOCK)
        file.seek(low)
        if text := file.read(end - low).rstrip(b"\r\n"):
            return low + len(text)
        end = low
    return start


def _record_ends(path: str, file: BinaryIO, start: int, stop: int) -> Iterator[np.ndarray]:
    """Offsets after each record, block by block: a line break inside quotes follows an odd number of them."""
    file.seek(start)
    position, quotes, last, row = start, 0, start, 0
    while block := file.read(min(BLOCK, stop - position)):
        codes = np.frombuffer(block, np.uint8)
        breaks = np.flatnonzero(codes == ord("\n"))
        if quotes or b'"' in block:
            counts = quotes + np.cumsum(codes == ord('"'))
            breaks, quotes = breaks[counts[breaks] % 2 == 0], int(counts[-1]) % 2
        yield position + breaks + 1
        last = position + int(breaks[-1]) + 1 if len(breaks) else last
        position, row = position + len(block), row + len(breaks)
        if quotes and (position - last > LONGEST or position == stop):
            file.seek(last)
            raise _unclosed(path, file.readline(), row)
    if stop > start:
        yield np.array([stop])


def _unclosed(path: str, record: bytes, row: int) -> InputError:
    rule = 'Expected each quote to be closed: put a field with a quote in quotes, and double the inner ones ("").'
    number = f", row={row}" if row != HEADER else ""
    line = record.decode("utf-8", "replace").strip()[:SHOWN]
    return InputError(f"{rule} Received: file={path!r}{number}, line={line!r}.")
