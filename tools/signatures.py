"""Writes the tables of signatures into docs/serving.md: `python -m tools.signatures`."""

from pathlib import Path

from tfflows import signatures
from tfflows.events import Event
from tools import marks

DOCUMENT = Path(__file__).parents[1] / "docs" / "serving.md"
EVENT = Event((28, 28, 1), "uint8", 256, classes=10)


def table() -> str:
    """The tables, with the inputs of a class-conditional flow of EVENT."""
    return signatures.documentation(EVENT, latent_shape=(EVENT.size,))


if __name__ == "__main__":
    marks.renew(DOCUMENT, "signatures", table())
