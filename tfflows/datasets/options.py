"""The options of datasets: their defaults, and which dataset supports which option."""

import dataclasses
import numbers
import os
from typing import Any

from tfflows.errors import check, check_choice

TABLE = (
    *("columns", "drop", "label", "context", "weight", "categorical", "continuous", "circular", "bounds", "scaling"),
    *("missing", "validation", "test", "holdout", "split_seed", "delimiter", "cache"),
)
LISTS = ("columns", "drop", "context", "categorical", "continuous", "circular", "bounds")
IMAGES = ("n_bits", "flip", "mutation", "conditional", "flatten")
NAMED = (*IMAGES, "data_dir")
IMAGE_ARRAY = (*IMAGES, "holdout", "split_seed")
IMAGE_FOLDER = (*IMAGE_ARRAY, "size")
_TAKEN_BY = {
    **dict.fromkeys(TABLE, "files of tables"),
    "n_bits": "TFDS image datasets of gray levels or colors, and of files of images",
    "flip": "TFDS image datasets by their TFDS names, and of files of images",
    "conditional": "'digits', of files of images, and of TFDS image datasets that have a class label",
    **dict.fromkeys(("mutation", "flatten"), "datasets of images"),
    "data_dir": "TFDS image datasets",
    "size": "folders of images",
    **dict.fromkeys(("holdout", "split_seed"), "files"),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """How to load a dataset.

    Args:
        n_bits: Number of most significant bits of a pixel to keep, 1..8: `x >> (8 - n_bits)`, in 0..2**n_bits-1.
        flip: Whether to flip training images left to right at random; None follows the papers for a named dataset,
            and does not flip images from files.
        mutation: Fraction of the pixels of training images that are replaced by random values, anew in each pass, in
            [0, 1): for the background model of a likelihood ratio.
        conditional: Whether each example comes with its class label, which is the name of its subfolder in a folder of
            images.
        flatten: Whether images become vectors of their pixels, for the architectures of vectors.
        data_dir: Folder of the data that TFDS prepares; None takes `TFDS_DATA_DIR`, else TFDS's default.
        size: Height and width of the images of a folder: the shorter side is resized to it, and the center is cropped;
            None for images that all have one shape.
        columns: Columns of a table whose density is modeled, with commas between; None takes all that have no other
            role. This and the other options that list columns also accept tuples, whose names may contain commas.
        drop: Columns of a table that are left out.
        label: Column of a table with the class of each row, which conditions the model.
        context: Columns of a table that condition the model: it is the density of the other columns, given these.
        weight: Column of a table with the weight of each row.
        categorical: Columns whose numbers are categories. Columns of text always are, and so are data columns of two
            values, unless they are named in `continuous`.
        continuous: Columns that are not rounded, although their values repeat.
        circular: Periodic columns, as `NAME:LOW:HIGH`, such as `hour:0:24`.
        bounds: Bounds of columns, as `NAME:LOW:HIGH`, where either may be left out; `none` for no bounds at all; None
            detects positive columns, and columns between 0 and 1.
        scaling: `"standard"` uses mean and standard deviation, `"robust"` median and interquartile range / 1.349.
        missing: `"error"`, or `"mask"` for columns with missing values.
        validation: Files of the validation set, which is cut from the dataset's files otherwise.
        test: Files of the test set, which is cut from the dataset's files otherwise.
        holdout: Fraction of the rows that is cut for the validation set, and again for the test set.
        split_seed: Seed by which rows are distributed to the splits.
        delimiter: Character between two fields of a .csv file.
        cache: Whether the examples of a table are kept in memory. None keeps the training set of a table of up to
            128 MiB, and a validation or a test set of up to 128 MiB.

    Raises:
        InputError: A value has the wrong type or is out of range.
    """

    n_bits: int = 8
    flip: bool | None = None
    mutation: float = 0.0
    conditional: bool = False
    flatten: bool = False
    data_dir: str | None = None
    size: int | None = None
    columns: str | None = None
    drop: str | None = None
    label: str | None = None
    context: str | None = None
    weight: str | None = None
    categorical: str | None = None
    continuous: str | None = None
    circular: str | None = None
    bounds: str | None = None
    scaling: str = "standard"
    missing: str = "error"
    validation: str | None = None
    test: str | None = None
    holdout: float = 0.1
    split_seed: int = 0
    delimiter: str = ","
    cache: bool | None = None

    def __post_init__(self):
        self._check_table()
        whole = isinstance(self.n_bits, int) and not isinstance(self.n_bits, bool)
        check(whole and 1 <= self.n_bits <= 8, "Expected `n_bits` to be an integer in 1..8.", n_bits=self.n_bits)
        in_range = _is_number(self.mutation) and 0 <= self.mutation < 1
        check(in_range, "Expected `mutation` to be a number in [0, 1).", mutation=self.mutation)
        optional = self.flip is None or isinstance(self.flip, bool)
        check(optional, "Expected `flip` to be None, True or False.", flip=self.flip)
        for name in ("conditional", "flatten"):
            value = getattr(self, name)
            check(isinstance(value, bool), f"Expected a boolean for `{name}`.", **{name: value})
        is_path = self.data_dir is None or isinstance(self.data_dir, str | os.PathLike)
        positive = self.size is None or (type(self.size) is int and self.size > 0)
        check(positive, "Expected `size` to be None or a positive integer.", size=self.size)
        check(is_path, "Expected `data_dir` to be None or the path of a folder.", data_dir=self.data_dir)

    def _check_table(self):
        check_choice("scaling", self.scaling, ("standard", "robust"))
        check_choice("missing", self.missing, ("error", "mask"))
        in_range = _is_number(self.holdout) and 0 < self.holdout < 0.5
        check(in_range, "Expected `holdout` to be a number between 0 and 0.5.", holdout=self.holdout)
        whole = isinstance(self.split_seed, int) and not isinstance(self.split_seed, bool)
        check(whole, "Expected `split_seed` to be an integer.", split_seed=self.split_seed)
        optional = self.cache is None or isinstance(self.cache, bool)
        check(optional, "Expected `cache` to be None, True or False.", cache=self.cache)
        for name in set(TABLE) - {"scaling", "missing", "holdout", "split_seed", "cache"}:
            value = getattr(self, name)
            is_list = name in LISTS and isinstance(value, tuple) and all(isinstance(each, str) for each in value)
            rule = f"Expected `{name}` to be text or None."
            check(value is None or isinstance(value, str) or is_list, rule, **{name: value})

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


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


OPTIONS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Options)}
"""Each option of `load` and `event` with its default."""
