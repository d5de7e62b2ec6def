"""`train.py`, run in this process."""

import contextlib
import io

from absl.testing import flagsaver

import train as script
from tfflows import command


def train(*flags: str) -> str:
    """What the command prints; a mistake of the user is a `SystemExit` with one line."""
    printed = io.StringIO()
    with flagsaver.flagsaver(), contextlib.redirect_stdout(printed):
        command.run(script.main, script.FLAGS(["train.py", *flags]), name="train.py")
    return printed.getvalue()
