"""Files are scored by the names of their columns: in any order, with any others, as the model was trained."""

import json

import keras
import numpy as np
import pytest

import zoo
from tests.datasets import tabling
from tests.scoring import running
from tfflows import datasets
from tfflows.servable import Servable
from tfflows.sources.encoding import Encoder
from tfflows.sources.rows import Rows

ROWS = 40


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small model of a table with a column of every kind, and its folder."""
    event = datasets.from_arrays(tabling.mixed(), **tabling.ROLES).event
    keras.utils.set_random_seed(0)
    model = zoo.create("maf", event, flows=1, width=8, batch_norm=False)
    model.initialize(**inputs(tabling.mixed(), event))
    folder = tmp_path_factory.mktemp("trained")
    for variable in model.trainable_variables:
        variable.assign_add(np.random.RandomState(0).normal(scale=0.1, size=variable.shape).astype(np.float32))
    Servable(model).save(folder / "1")
    config = {"event": event.to_dict(), "data": {**datasets.options_of("a.csv"), **tabling.ROLES}}
    (folder / "1" / "config.json").write_text(json.dumps(config))
    return model, folder


def inputs(columns, event):
    """The inputs of the model for the rows of a table."""
    code = dict(zip(event.columns[4].categories, event.columns[4].values, strict=True))
    color = np.array([code[name] for name in columns["color"]])
    real = [columns[name] for name in ("length", "income", "children", "hour")]
    label = np.array([event.labels.index(name) for name in columns["species"]], np.int32)
    x = np.stack([*real, color, columns["share"]], axis=1).astype(np.float64)
    return {"x": x, "label": label, "context": columns["temperature"][:, None]}


def table(**changed):
    columns = {**tabling.mixed(ROWS, seed=1), **changed}
    columns.pop("weight")
    return columns


def scores(trained, columns, folder, *, ending="csv", **settings):
    path = tabling.write(folder / f"rows.{ending}", columns)
    return running.scored(folder, trained[1], path, batch_size=7, **settings)


@pytest.fixture(scope="module")
def expected(trained):
    return running.served(trained[1], **inputs(table(), trained[0].event))["log_prob"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_scores_are_those_of_the_model_with_label_and_context(trained, expected, ending, tmp_path):
    np.testing.assert_allclose(scores(trained, table(), tmp_path, ending=ending), expected, rtol=1e-5)
    changes = [
        {"temperature": table()["temperature"] + 9},
        {"species": np.full(ROWS, "cat")},
        {"color": ["red"] * ROWS},
    ]
    for change in changes:
        assert np.abs(scores(trained, table(**change), tmp_path, ending="parquet") - expected).max() > 1e-3


def test_columns_come_in_any_order_with_others(trained, expected, tmp_path):
    columns = {"junk": np.full(ROWS, "2024-01-01"), **dict(reversed(table().items())), "more": np.arange(ROWS)}
    for ending in ("csv", "parquet"):
        np.testing.assert_allclose(scores(trained, columns, tmp_path, ending=ending), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["length", "color", "species", "temperature"])
def test_a_missing_column_is_named(trained, name, tmp_path):
    columns = table()
    columns.pop(name)
    path = tabling.write(tmp_path / "rows.csv", columns)
    error = running.refused(trained[1], path, tmp_path / "scores.csv")
    assert f"missing=['{name}']" in error
    assert "rows.csv" in error


def test_values_outside_of_the_support_have_no_density(trained, expected, tmp_path):
    columns = table()
    columns["color"] = np.where(np.arange(ROWS) == 3, "violet", columns["color"])
    columns["income"][5] = -1.0
    found = scores(trained, columns, tmp_path)
    assert np.flatnonzero(np.isneginf(found)).tolist() == [3, 5]
    others = np.delete(np.arange(ROWS), [3, 5])
    np.testing.assert_allclose(found[others], expected[others], rtol=1e-5)


BAD = {
    "text": ("length", "tall", "a number in each row"),
    "missing": ("length", "", "no missing values"),
    "infinite": ("income", "inf", "finite"),
    "label": ("species", "bird", "one of the classes of the training set, 'cat', 'dog'"),
    "missing label": ("species", "", "one of the classes"),
    "missing context": ("temperature", "", "no missing values"),
    "date": ("length", "2024-01-31", "not dates"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_is_named_with_file_row_and_column(trained, name, tmp_path):
    column, value, message = BAD[name]
    columns = table()
    columns[column] = np.array([value if row == 17 else text for row, text in enumerate(columns[column].astype(str))])
    path = tabling.write(tmp_path / "rows.csv", columns)
    error = running.refused(trained[1], path, tmp_path / "scores.csv", batch_size=7)
    assert all(part in error for part in (message, "rows.csv", "row=17", f"column='{column}'")), error


def test_several_files_and_a_comma_in_a_name(trained, expected, tmp_path):
    columns = table()
    parts = [{name: values[part] for name, values in columns.items()} for part in (slice(0, 15), slice(15, None))]
    paths = [tabling.write(tmp_path / f"{index},x.csv", some) for index, some in enumerate(parts)]
    np.testing.assert_allclose(running.scored(tmp_path, trained[1], paths[0]), expected[:15], rtol=1e-5)
    np.testing.assert_allclose(running.scored(tmp_path, trained[1], f"{tmp_path}/*.csv"), expected, rtol=1e-5)


def test_another_delimiter_and_another_name_of_the_label(trained, expected, tmp_path):
    columns = {("kind" if name == "species" else name): values for name, values in table().items()}
    path = tmp_path / "rows.csv"
    path.write_text(tabling.text(columns).replace(",", ";"))
    options = {"delimiter": ";", "label": "kind"}
    np.testing.assert_allclose(running.scored(tmp_path, trained[1], path, options=options), expected, rtol=1e-5)


def test_labels_in_a_file_of_their_own_need_no_column(trained, expected, tmp_path):
    columns = table()
    labels = [trained[0].event.labels.index(name) for name in columns.pop("species")]
    np.save(tmp_path / "labels.npy", np.array(labels))
    path = tabling.write(tmp_path / "rows.csv", columns)
    found = running.scored(tmp_path, trained[1], path, labels=tmp_path / "labels.npy")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_another_column_of_labels_is_another_run(trained, tmp_path):
    path = str(tabling.write(tmp_path / "rows.csv", {**table(), "kind": table()["species"]}))
    runs = [Rows.open(path, Encoder(trained[0].event, label), ",").identity() for label in ("species", "kind")]
    assert runs[0] != runs[1]


def test_a_number_is_the_same_category_however_it_is_written(tmp_path):
    """Even where missing values make the categories texts."""
    columns = {"a": np.array([0.5, 4, np.nan] * 30), "b": np.random.RandomState(0).normal(size=90)}
    event = datasets.from_arrays(columns, missing="mask").event
    assert event.columns[0].categories == ("0.5", "4", "(missing)")
    model = zoo.create("maf", event, flows=1, width=8, batch_norm=False)
    model.initialize(np.stack([np.arange(90) % 3.0, columns["b"]], 1))
    running.write(model, tmp_path / "model")
    (tmp_path / "rows.csv").write_text("a,b\n0.5,0\n0.50,0\n5e-1,0\n+.5,0\n4.0,0\n,0\n7,0\n")
    found = running.scored(tmp_path, tmp_path / "model", tmp_path / "rows.csv")
    known = running.served(tmp_path / "model", x=np.array([[0, 0], [1, 0], [2, 0]], np.float64))["log_prob"]
    np.testing.assert_allclose(found, [*known[[0, 0, 0, 0, 1, 2]], -np.inf], rtol=1e-5)
