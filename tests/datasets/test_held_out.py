"""Files of validation and test: columns are those of the training files, and rows that do not fit are refused."""

import numpy as np
import pytest

from tests.datasets import tabling
from tests.sources.reading import refused
from tfflows import datasets

CACHE = pytest.mark.parametrize("cache", [True, False], ids=["memory", "files"])


@CACHE
@pytest.mark.parametrize("part", ["validation", "test"])
def test_values_of_held_out_files_do_not_shape_the_columns(part, cache, tmp_path):
    train, other = tabling.mixed(), tabling.mixed(20, seed=1)
    del train["temperature"], other["temperature"]
    options = {"cache": cache, "label": "species", "weight": "weight", "circular": "hour:0:24"}
    path = tabling.write(tmp_path / "a.csv", train)
    same = datasets.load(path, **options, **{part: tabling.write(tmp_path / "b.csv", other)})
    other["children"] = other["children"] + 0.5
    other["length"] = other["length"] * 1000
    data = datasets.load(path, **options, **{part: tabling.write(tmp_path / "c.csv", other)})
    assert data.event == same.event


IMPOSSIBLE = {
    "color": ("pink", "a category of the training set"),
    "income": (-1.0, r"inside of (0.0, inf), as in the training set"),
    "share": (1.5, r"inside of (0.0, 1.0), as in the training set"),
    "length": (-9.5, r"inside of (-9.0, inf), as in the training set"),
}


@CACHE
@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("column", IMPOSSIBLE)
def test_rows_of_held_out_files_that_are_impossible_are_refused_before_the_training(column, part, cache, tmp_path):
    value, message = IMPOSSIBLE[column]
    train, other = tabling.mixed(), tabling.mixed(20, seed=1)
    other[column] = np.array([value if row == 7 else each for row, each in enumerate(other[column].tolist())])
    path, held_out = tabling.write(tmp_path / "a.csv", train), tabling.write(tmp_path / "b.csv", other)
    options = {"cache": cache, **tabling.ROLES, **({"bounds": "length:-9:"} if column == "length" else {})}
    line = refused(lambda: datasets.load(path, **options, **{part: held_out}))
    assert all(words in line for words in (message, "b.csv", "row=7", f"column='{column}'", str(value)))


@CACHE
def test_missing_values_of_held_out_files_are_known_before_the_training(cache, tmp_path):
    train, other = tabling.numbers(), tabling.numbers(20, seed=1)
    other["x1"][3] = np.nan
    path, test = tabling.write(tmp_path / "a.csv", train), tabling.write(tmp_path / "b.csv", other)
    assert "no missing values" in refused(lambda: datasets.load(path, cache=cache, test=test))
    data = datasets.load(path, cache=cache, test=test, missing="mask")
    assert [column.missing for column in data.event.columns] == [False, True, False]


@CACHE
def test_context_of_held_out_files_has_the_categories_of_the_training_files(cache, tmp_path):
    train, other = tabling.mixed(), tabling.mixed(20, seed=1)
    other["color"][7] = "pink"
    path, test = tabling.write(tmp_path / "a.csv", train), tabling.write(tmp_path / "b.csv", other)
    line = refused(lambda: datasets.load(path, cache=cache, context="color", drop="species", test=test))
    assert all(part in line for part in ("b.csv", "row=7", "'color'", "'pink'"))
