"""Writes the tables of signatures into README.md and docs/serving.md: `python -m tools.signatures`."""

from pathlib import Path

from tfflows import signatures
from tfflows.events import Event
from tools import marks

ROOT = Path(__file__).parents[1]
EVENT = Event((28, 28, 1), "uint8", 256, classes=10)


def tables() -> dict[Path, str]:
    """The text of each document; docs/serving.md has the inputs of a class-conditional flow of EVENT."""
    table = signatures.signature_table()
    inputs = signatures.input_table(EVENT, latent_shape=(EVENT.size,))
    return {ROOT / "README.md": table, ROOT / "docs" / "serving.md": f"{table}\n{inputs}"}


if __name__ == "__main__":
    for document, text in tables().items():
        marks.renew(document, "signatures", text)
