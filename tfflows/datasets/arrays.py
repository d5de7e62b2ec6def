"""Data in memory as a dataset: arrays, dictionaries of arrays, DataFrames, and arrays of images."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfflows.columns import is_frame
from tfflows.datasets import image_arrays
from tfflows.datasets.data import Data
from tfflows.datasets.flattened import flat
from tfflows.datasets.mutated import mutated
from tfflows.datasets.options import OPTIONS, TABLE, Options
from tfflows.datasets.tables import loading, roles
from tfflows.datasets.tables.survey import survey
from tfflows.errors import check
from tfflows.sources.frame import Frame, as_frame, categories, named

IN_MEMORY = "X"  # name of a dataset whose rows are passed in memory


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
        test: Whether to cut a test set; if False, the validation set serves as the test set, too.
        **options: Options of tables, as in `datasets.load`, such as `categorical`, `bounds` or `holdout`; for images
            `n_bits`, `flip`, `mutation`, `flatten`, `holdout` and `split_seed`.

    Raises:
        InputError: A column or a value is wrong, or there are too few rows.
    """
    if np.ndim(x) > 2 and not hasattr(x, "columns"):
        rule = f"Expected images with labels only, and options among {image_arrays.OPTIONS}."
        wrong = [name for name, given in (("context", context), ("weight", weight)) if given is not None]
        wrong += [name for name in options if name not in image_arrays.OPTIONS]
        check(not wrong, rule, given=wrong)
        images = image_arrays.split(x, label, Options.of(options), name, test=test)
        images = mutated(images, options["mutation"]) if options.get("mutation") else images
        return flat(images) if options.get("flatten") else images
    columns = named(as_frame(x))
    given = {"label": _column("label", label, columns), "weight": _column("weight", weight, columns)}
    given["context"] = _columns(context, columns)
    lists = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    known = Options.of({**lists, **{role: names for role, names in given.items() if names}})
    known.reject(name, *(set(OPTIONS) - set(TABLE)), "validation", "test", "delimiter")
    frame = Frame(columns, name=name)
    chosen = roles.roles(name, frame.names, known)
    known = _with_categories(known, columns, chosen)
    cut = ("validation", "test") if test else ("validation",)
    table = survey(name, chosen, frame.kinds, {"train": [frame]}, known, cut=cut)
    return loading.data_of(table, known)


def _with_categories(known: Options, columns: list[tuple[str, Any]], chosen: roles.Roles) -> Options:
    """The options, with the columns that pandas has as categories among those of `categorical`."""
    used = {*chosen.data, *chosen.context}.difference(roles.names_in(known.continuous))
    names = [*roles.names_in(known.categorical), *(name for name in categories(columns) if name in used)]
    return dataclasses.replace(known, categorical=tuple(dict.fromkeys(names)) or None)


def _column(role: str, values: Any, columns: list[tuple[str, Any]]) -> str | None:
    """The name of a column, which is added to `columns` if it is given as an array."""
    if values is None or isinstance(values, str):
        return values
    names, name = [name for name, _ in columns], role
    while name in names:
        name += "_"
    columns.append((name, values))
    return name


def _columns(values: Any, columns: list[tuple[str, Any]]) -> tuple[str, ...]:
    if values is None or isinstance(values, str):
        return roles.names_in(values)
    if isinstance(values, Sequence) and all(isinstance(each, str) for each in values):
        return tuple(values)
    added = named_context(values)
    columns.extend(added)
    return tuple(key for key, _ in added)


def named_context(values: Any) -> list[tuple[str, Any]]:
    """The names and values of the columns of a context, which is an array `[rows]` or `[rows, size]` or a DataFrame."""
    values = as_frame(values)
    if is_frame(values):
        return named(values)
    array = np.asarray(values)
    return [(f"context_{name}", column) for name, column in named(array if array.ndim != 1 else array[:, None])]
