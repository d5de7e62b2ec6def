"""What a client needs of a connection, whatever the protocol."""

import dataclasses
from typing import Protocol

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfflows.errors import check


@dataclasses.dataclass(frozen=True)
class Target:
    """Which model answers: by name, and by number or label of a version; the newest version without either.

    Raises:
        InputError: Both a version and a label.
    """

    model: str
    version: int | None = None
    version_label: str | None = None

    def __post_init__(self):
        check(
            self.version is None or self.version_label is None,
            "Expected at most one of `version` and `version_label`.",
            version=self.version,
            version_label=self.version_label,
        )


class Transport(Protocol):
    """One connection to one model. Each method raises `ServingError`, and asks once: retries are the client's."""

    def metadata(self) -> dict[str, SignatureDef]:
        """The signatures of the model, by name."""

    def predict(self, signature: str, inputs: dict[str, np.ndarray], outputs: list[str]) -> dict[str, np.ndarray]:
        """The values of all `outputs` of a signature, by name."""

    def close(self) -> None:
        """Ends the connection."""
