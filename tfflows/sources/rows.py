"""The rows of a table, by the names of their columns."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tfflows.sources.encoding import Encoder
from tfflows.sources.spans import Span
from tfflows.sources.table import TableFile, open_table, select


@dataclasses.dataclass(frozen=True)
class Rows:
    """A file of a table, as a source of examples.

    Args:
        file: The file.
        encoder: How its rows become examples.
    """

    file: TableFile
    encoder: Encoder

    @classmethod
    def open(cls, path: str, encoder: Encoder, delimiter: str) -> "Rows":
        """Opens a file, which must have all columns of the model.

        Raises:
            InputError: A column is missing, or this is not a table.
        """
        file = open_table(path, delimiter=delimiter)
        encoder.check_names(path, file.names)
        return cls(file, encoder)

    @property
    def selected(self) -> TableFile:
        """The file with the columns of the model alone."""
        return select(self.file, self.encoder.kinds)

    @property
    def name(self) -> str:
        return self.file.name

    def identity(self) -> dict[str, Any]:
        return {**self.file.identity(), "label": self.encoder.label}

    def spans(self, rows: int) -> Iterator[Span]:
        return self.file.spans(rows)

    def chunks(self, span: Span, size: int) -> Iterator[Sequence]:
        return self.selected.chunks(span, size)

    def decode(self, chunk: Sequence, first_row: int = 0) -> dict[str, np.ndarray]:
        columns = self.file.columns(chunk, self.encoder.kinds, first_row)
        return self.encoder(columns, self.name, first_row)
