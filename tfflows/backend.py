"""The state of Keras that this package relies on: the TensorFlow backend, and the seed of initial weights."""

import contextlib
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

BACKEND = "tensorflow"


def check_backend() -> None:
    """Raises `ImportError` if Keras runs, or is about to run, on another backend."""
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "backend"):
        source, chosen = "keras.backend.backend()", keras.backend.backend()
    elif "KERAS_BACKEND" in os.environ:
        source, chosen = "KERAS_BACKEND", os.environ["KERAS_BACKEND"]
    else:
        path = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
        source, chosen = str(path), _in_file(path)
    if chosen and chosen != BACKEND:
        raise ImportError(
            f"Expected Keras' TensorFlow backend. Received: {source}={chosen!r}. Set KERAS_BACKEND={BACKEND} in the"
            " environment, before Keras is imported."
        )


def _in_file(path: Path) -> str:
    """The backend in Keras' configuration file; Keras itself ignores a file that it cannot read."""
    try:
        return json.loads(path.read_text()).get("backend", "")
    except (OSError, ValueError, AttributeError):
        return ""


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside the block, the initial weights of new Keras layers depend on the seed.

    Keras draws the seeds of initializers from Python's `random`, whose state is the same after the block as before it.
    """
    state = random.getstate()
    random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(state)
