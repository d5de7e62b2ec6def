"""The options of datasets: their defaults, and which dataset supports which option."""

import dataclasses
import os
from typing import Any

from tfflows.errors import check, check_choice

_TAKEN_BY = {
    "n_bits": "TFDS image datasets of gray levels or colors",
    "flip": "TFDS image datasets by their TFDS names",
    "conditional": "'digits' and of TFDS image datasets that have a class label",
    "data_dir": "TFDS image datasets",
}


@dataclasses.dataclass(frozen=True)
class Options:
    """How to load a dataset.

    Args:
        n_bits: Number of most significant bits of a pixel to keep, 1..8: `x >> (8 - n_bits)`, in 0..2**n_bits-1.
        flip: Whether to flip training images left to right at random; None takes the papers' choice for the dataset.
        conditional: Whether each example comes with its class label.
        data_dir: Folder of the data that TFDS prepares; None takes `TFDS_DATA_DIR`, else TFDS's default.

    Raises:
        InputError: A value has the wrong type or is out of range.
    """

    n_bits: int = 8
    flip: bool | None = None
    conditional: bool = False
    data_dir: str | None = None

    def __post_init__(self):
        whole = isinstance(self.n_bits, int) and not isinstance(self.n_bits, bool)
        check(whole and 1 <= self.n_bits <= 8, "Expected `n_bits` to be an integer in 1..8.", n_bits=self.n_bits)
        optional = self.flip is None or isinstance(self.flip, bool)
        check(optional, "Expected `flip` to be None, True or False.", flip=self.flip)
        check(isinstance(self.conditional, bool), "Expected a boolean for `conditional`.", conditional=self.conditional)
        is_path = self.data_dir is None or isinstance(self.data_dir, str | os.PathLike)
        check(is_path, "Expected `data_dir` to be None or the path of a folder.", data_dir=self.data_dir)

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Options":
        """The given options, with the others at their defaults.

        Raises:
            InputError: An option is not known, or a value is wrong.
        """
        for name in options:
            check_choice("option", name, OPTIONS)
        return cls(**options)

    def reject(self, dataset: str, *names: str) -> None:
        """Raises `InputError` if one of the options `names`, which `dataset` does not support, has been changed."""
        for name in names:
            value, default = getattr(self, name), OPTIONS[name]
            rule = f"`{name}` is an option of {_TAKEN_BY[name]}: leave it at {default!r} for {dataset!r}."
            check(value == default, rule, **{name: value})


OPTIONS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Options)}
"""Each option of `load` and `event` with its default."""
