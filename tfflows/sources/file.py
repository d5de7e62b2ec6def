"""The base class of sources that are a file."""

import dataclasses
from typing import Any

from tfflows.sources import storage


@dataclasses.dataclass(frozen=True)
class File:
    """A file of rows.

    Args:
        path: Path of the file.
    """

    path: str

    @property
    def name(self) -> str:
        return self.path

    def identity(self) -> dict[str, Any]:
        return storage.stat(self.path)
