"""What the tools share: `--help` shows their text, and an error that can be fixed is one line."""

import argparse
import contextlib
import sys
from collections.abc import Iterator

from tfflows.errors import InputError


def parser(document: str) -> argparse.ArgumentParser:
    """A parser of arguments whose help starts with the text of the module."""
    return argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)


@contextlib.contextmanager
def errors_in_one_line(name: str) -> Iterator[None]:
    """Inside the block, an `InputError` ends the program with one line that starts with the name of the tool."""
    try:
        yield
    except InputError as error:
        sys.exit(f"{name}: {error}")
