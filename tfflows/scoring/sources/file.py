"""What all sources that are a file share."""

import dataclasses
from typing import Any

from tfflows.scoring import storage


@dataclasses.dataclass(frozen=True)
class File:
    """A file of rows.

    Args:
        path: Of the file.
    """

    path: str

    @property
    def name(self) -> str:
        return self.path

    def identity(self) -> dict[str, Any]:
        return storage.stated(self.path)
