"""What a mode of the command returns."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class Result:
    """A picture, the numbers in it, and what to say about it.

    Args:
        picture: uint8 `[height, width, 3]`.
        arrays: The arrays that the picture shows, by name.
        report: Lines for the user.
    """

    picture: np.ndarray
    arrays: Mapping[str, np.ndarray]
    report: str = ""
