"""Rows in the units and the categories of a model, whatever table they come from."""

import numpy as np
import pandas as pd
import pytest

from tfflows import corner, datasets
from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import densities, tables
from tfflows.sources.encoding import Encoder
from tfflows.sources.table import open_table

TRUTH = Event((1,), columns=(Column("t", "categorical", ("False", "True"), (1.0, 2.0)),))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["True", "False", "maybe"], [2, 1, 0]),
        (["TRUE", "false", "yes"], [2, 1, 0]),
        (["1", "0", "2"], [2, 1, 0]),
    ],
)
def test_truth_values_are_the_same_in_every_spelling(texts, expected):
    found = Encoder(TRUTH)({"t": np.array(texts, object)}, "file", 0)["x"][:, 0]
    np.testing.assert_array_equal(found, expected)


def test_a_context_of_an_unknown_category_is_refused():
    known = Column("k", "categorical", ("a", "b"), (0.0, 1.0))
    encoder = Encoder(Event((1,), context=1, columns=(Column("x"),), context_columns=(known,)))
    table = {"x": np.array([1.0, 2.0]), "k": np.array(["a", "b"], object)}
    np.testing.assert_array_equal(encoder(table, "file", 0)["context"], [[0], [1]])
    table["k"][1] = "new"
    with pytest.raises(InputError, match=r"category of the training set in a context column, 'a', 'b'.*'new'"):
        encoder(table, "file", 0)


def test_a_table_is_read_with_the_columns_and_categories_of_the_model(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=90), "k": random.choice(["a", "b", "c"], 90)})
    frame.to_csv(tmp_path / "own.csv", index=False)
    other = frame[["k", "x"]].replace({"k": {"a": "new"}})
    other.to_csv(tmp_path / "other.csv", index=False)
    event = datasets.load(str(tmp_path / "own.csv")).event
    found = np.stack([row["x"] for row in tables.like(str(tmp_path / "other.csv"), event, None, ",").test.examples])
    np.testing.assert_allclose(found[:, 0], frame["x"])
    codes = dict(zip(event.columns[1].categories, event.columns[1].values, strict=True))
    expected = [min(codes.values()) - 1 if name == "a" else codes[name] for name in frame["k"]]
    np.testing.assert_array_equal(found[:, 1], expected)
    frame[["x"]].to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(InputError, match=r"to have the columns \['x', 'k'\].*missing=\['k'\]"):
        tables.like(str(tmp_path / "less.csv"), event, None, ",")


def test_impossible_rows_have_the_lowest_rank():
    inside, outside = np.array([0.0, 1.0]), np.array([np.inf, np.inf])
    assert densities.auroc(inside, outside) == 1
    assert densities.auroc(outside, np.array([np.inf])) == 0.5


def test_columns_without_values_or_with_dollar_signs_are_drawn():
    columns = (Column("$x_$"), Column("empty"), Column("k", "categorical", ("$_$", "b"), (0.0, 1.0)))
    values = np.stack([np.arange(50.0), np.full(50, np.nan), np.arange(50) % 2], axis=1)
    drawn = np.where(np.isnan(values), 3.0, values)
    figure = corner.corner({"data": values, "samples": drawn}, columns)
    figure.canvas.draw()
    assert figure.axes


@pytest.mark.parametrize(
    ("values", "message"),
    [([np.nan] * 60, "column 'z' to have values: drop it"), ([1 / 3] * 60, "a category of the training set")],
    ids=["empty", "constant"],
)
def test_columns_that_vary_outside_of_the_training_set_alone_are_refused(tmp_path, values, message):
    x = np.random.default_rng(0).normal(size=60)
    pd.DataFrame({"x": x, "z": values}).to_csv(tmp_path / "train.csv", index=False)
    pd.DataFrame({"x": x, "z": x}).to_csv(tmp_path / "validation.csv", index=False)
    with pytest.raises(InputError, match=message):
        datasets.load(str(tmp_path / "train.csv"), missing="mask", validation=str(tmp_path / "validation.csv"))


@pytest.mark.parametrize("odd", ["-", "0,5", "1,234.5", "12.5%", "$5.10"])
def test_a_column_of_numbers_that_starts_with_another_value_is_no_column_of_categories(tmp_path, odd):
    numbers = [f"{number:.3f}" for number in np.random.default_rng(0).normal(size=100)]
    written = numbers if odd == "-" else [odd.replace("5", str(place)) for place in range(100)]
    table = "x;y\n" + "".join(f"{number};{each}\n" for number, each in zip(numbers, [odd, *written], strict=False))
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(InputError, match=r"a number in each row of a numeric column.*row=0"):
        datasets.load(str(tmp_path / "t.csv"), delimiter=";")


def test_booleans_of_a_csv_file_are_the_numbers_of_other_formats(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\nTrue,1\n false ,2\nNA,3\n")
    table = open_table(str(tmp_path / "t.csv"))
    (chunk,) = table.chunks(next(table.spans(10)), 10)
    np.testing.assert_array_equal(table.columns(chunk, {"a": "number"}, 0)["a"], [1, 0, np.nan])
    assert table.columns(chunk, {"a": "text"}, 0)["a"].tolist() == ["True", " false ", None]
    (tmp_path / "t.csv").write_text("a,b\nTrue,1\nyes,2\n")
    (chunk,) = table.chunks(next(table.spans(10)), 10)
    with pytest.raises(InputError, match=r"a number in each row of a numeric column.*row=0"):
        table.columns(chunk, {"a": "number"}, 0)
