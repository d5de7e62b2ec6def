"""Reads a DataFrame that pandas 0.14 to 1.0 has pickled, which pandas 3 no longer can.

Classes of pandas are never looked up: a stand-in records the state of each, so no code of the file runs.
"""

import io
import os
import pickle
from typing import Any

import numpy as np

from tfflows.errors import InputError, check

_LAYOUT = "0.14.1"  # the name by which these versions of pandas store the layout of a table
# What a table of numbers is made of besides classes of pandas, by the names of Python 2 and 3.
_KNOWN = {
    "slice": ("__builtin__", "builtins"),
    "object": ("__builtin__", "builtins"),
    "_reconstructor": ("copy_reg", "copyreg"),
    "encode": ("_codecs",),
    "ndarray": ("numpy",),
    "dtype": ("numpy",),
    "_reconstruct": ("numpy.core.multiarray", "numpy._core.multiarray"),
}


class _Recorded:
    """A stand-in for an object of pandas: what it was made of, and its state."""

    def __new__(cls, *arguments: Any):
        made = object.__new__(cls)
        made.arguments, made.state = arguments, None
        return made

    def __init__(self, *arguments: Any):
        pass

    def __setstate__(self, state: Any):
        self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "pandas":
            return _Recorded
        if module in _KNOWN.get(name, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a table holds nothing of {module}.{name}")


def read(path: str | os.PathLike) -> tuple[list[str], np.ndarray]:
    """The names of the columns, and the values, `[rows, columns]`.

    Raises:
        InputError: The file is not the pickle of a DataFrame of numbers in this format.
    """
    rule = "Expected a DataFrame of numbers pickled by pandas 0.14 to 1.0."
    try:
        with open(path, "rb") as file:
            # Strings and arrays of Python 2 are bytes, which latin1 keeps as they are.
            frame = _Unpickler(io.BytesIO(file.read()), encoding="latin1").load()
        layout = frame.state["_data"].state[3][_LAYOUT]
        columns, rows = (_values(axis) for axis in layout["axes"])
        table = np.full((len(columns), len(rows)), np.nan)
        for block in layout["blocks"]:
            table[block["mgr_locs"]] = block["values"]
    except (pickle.UnpicklingError, AttributeError, LookupError, TypeError, ValueError, EOFError) as error:
        raise InputError(f"{rule} Received: path={os.fspath(path)!r} ({error}).") from error
    check(not np.isnan(table).any(), rule, path=os.fspath(path))
    return [str(name) for name in columns], table.T


def _values(index: _Recorded) -> Any:
    """The labels of an index: those of its array, or the numbers of a range."""
    _, made_of = index.arguments
    return made_of["data"] if "data" in made_of else range(made_of["start"], made_of["stop"], made_of["step"])
