"""The interface of a connection, whatever its protocol."""

import dataclasses
from typing import Protocol

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfflows.errors import check


@dataclasses.dataclass(frozen=True)
class Target:
    """The model to ask: its name, and a version by number or by label; without either, the newest version.

    Raises:
        InputError: Both a version and a label are given.
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
    """One connection to one model. Each method may raise `ServingError`, and tries once; the client retries."""

    def metadata(self) -> dict[str, SignatureDef]:
        """Signatures of the model, by name."""

    def predict(self, signature: str, inputs: dict[str, np.ndarray], outputs: list[str]) -> dict[str, np.ndarray]:
        """Values of all `outputs` of a signature, by name."""

    def close(self) -> None:
        """Closes the connection."""
