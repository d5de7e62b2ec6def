"""Data in memory as a dataset: arrays, dictionaries of arrays, DataFrames, and arrays of images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.tables import loading, roles
from tfflows.datasets.tables.table import survey
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources.frame import Frame, named
from tfflows.splits import in_memory


def from_arrays(
    x: Any,
    *,
    label: Any = None,
    context: Any = None,
    weight: Any = None,
    name: str = "data",
    test: bool = True,
    **options: Any,
) -> Data:
    """A dataset of rows in memory, with splits that are cut at random.

        data = datasets.from_arrays(frame, label="species", context=["temperature"])

    Args:
        x: A DataFrame or a dictionary of columns, a table `[rows, columns]` of numbers, or images, uint8
            `[rows, height, width]` or `[rows, height, width, channels]`.
        label: The class of each row: the name of a column, or an array.
        context: What conditions the model: names of columns, or an array `[rows]` or `[rows, size]`, or a DataFrame.
        weight: The weight of each row: the name of a column, or an array.
        name: Name of the dataset.
        test: Whether a test set is cut; otherwise it is the validation set.
        **options: Options of tables, as in `datasets.load`, such as `categorical`, `bounds` or `holdout`.

    Raises:
        InputError: A column or a value is wrong, or there are too few rows.
    """
    if np.ndim(x) > 2 and not hasattr(x, "columns"):
        rule = "Expected images with labels only, without options of tables."
        check(context is None and weight is None and not set(options) - {"holdout", "split_seed"}, rule, **options)
        return _images(x, label, Options.of(options), name, test=test)
    columns = named(x)
    given = {"label": _column("label", label, columns), "weight": _column("weight", weight, columns)}
    given["context"] = _columns(context, columns)
    texts = {role: ",".join(names) if role == "context" else names for role, names in given.items() if names}
    known = Options.of({**options, **texts})
    known.reject(name, "n_bits", "flip", "conditional", "data_dir", "validation", "test", "delimiter")
    frame = Frame(columns, name=name)
    chosen = roles.roles(name, frame.names, known)
    cut = ("validation", "test") if test else ("validation",)
    table = survey(name, chosen, frame.kinds, {"train": [frame]}, known, cut=cut)
    return loading.data_of(table, known)


def _column(role: str, values: Any, columns: list[tuple[str, Any]]) -> str | None:
    """The name of a column, which is added to `columns` if it is given as an array."""
    if values is None or isinstance(values, str):
        return values
    names, name = [name for name, _ in columns], role
    while name in names:
        name += "_"
    columns.append((name, values))
    return name


def _columns(values: Any, columns: list[tuple[str, Any]]) -> list[str]:
    if values is None or isinstance(values, str):
        return list(roles.names_in(values))
    if isinstance(values, Sequence) and all(isinstance(each, str) for each in values):
        return list(values)
    added = named_context(values)
    columns.extend(added)
    return [key for key, _ in added]


def named_context(values: Any) -> list[tuple[str, Any]]:
    """The names and values of the columns of a context, which is an array `[rows]` or `[rows, size]` or a DataFrame."""
    if hasattr(values, "iloc") and hasattr(values, "columns"):
        return named(values)
    array = np.asarray(values)
    return [(f"context_{name}", column) for name, column in named(array if array.ndim != 1 else array[:, None])]


def _images(x: Any, label: Any, options: Options, name: str, *, test: bool) -> Data:
    images = np.asarray(x)
    images = images[..., None] if images.ndim == 3 else images
    rule = "Expected images as uint8 [rows, height, width, channels], with 1 or 3 channels."
    check(images.dtype == np.uint8 and images.ndim == 4 and images.shape[-1] in (1, 3), rule, shape=images.shape)
    arrays, classes, labels = {"x": images}, 0, ()
    if label is not None:
        found, codes = np.unique(np.asarray(label), return_inverse=True)
        check(codes.shape == (len(images),), "Expected a label for each image.", shape=codes.shape)
        arrays["label"], labels = codes.astype(np.int32), tuple(map(str, found))
        classes = len(labels)
    event = Event(images.shape[1:], levels=256, classes=classes, labels=labels)
    order = np.random.RandomState(options.split_seed % 2**32).permutation(len(images))
    size = max(1, round(options.holdout * len(images)))
    ends = [size, 2 * size if test else size]
    check(ends[-1] < len(images), "Expected more images, for training, validation and test.", images=len(images))
    parts = np.split(order, ends)
    split = [in_memory(**{key: values[part] for key, values in arrays.items()}) for part in parts if len(part)]
    validation, train = split[0], split[-1]
    return Data(name, event, train, validation, split[1] if test else validation)
