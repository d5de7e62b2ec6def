"""Tables as datasets: every format gives the same rows; each column has its role; an error says what to do."""

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.datasets import tabling
from tests.sources.reading import refused
from tfflows import datasets


def frame(**changed):
    return {**tabling.mixed(), **changed}


def dataset(**options):
    return datasets.from_arrays(frame(), **{**tabling.ROLES, **options})


@pytest.mark.parametrize("format_", tabling.FORMATS)
def test_every_format_gives_the_same_event_and_splits(format_, tmp_path):
    columns = tabling.numbers()
    data = datasets.load(tabling.write(tmp_path / f"a.{format_}", columns))
    expected = datasets.from_arrays(columns)
    assert data.event == expected.event
    assert [column.name for column in data.event.columns] == ["x0", "x1", "x2"]
    tabling.assert_same(tabling.splits(data), tabling.splits(expected))
    everything = np.concatenate([tabling.rows(getattr(data, part))["x"] for part in tabling.PARTS])
    assert tabling.row_set(everything) == tabling.row_set(np.stack(list(columns.values()), 1))


def test_a_pattern_a_folder_a_list_and_a_data_frame_are_the_same_table(tmp_path):
    columns = tabling.numbers()
    for part in range(3):
        some = {name: values[100 * part : 100 * part + 100] for name, values in columns.items()}
        tabling.write(tmp_path / f"a{part}.csv", some)
    names = [tmp_path, f"{tmp_path}/*.csv", ",".join(f"{tmp_path}/a{part}.csv" for part in range(3))]
    expected = tabling.splits(datasets.from_arrays(pd.DataFrame(columns)))
    for name in names:
        tabling.assert_same(tabling.splits(datasets.load(str(name))), expected)
    tabling.assert_same(tabling.splits(datasets.from_arrays(np.stack(list(columns.values()), 1))), expected)


def test_endings_in_capitals_are_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.CSV").write_text(tabling.text(tabling.numbers()))
    assert datasets.event("a.CSV").shape == (3,)


def test_names_of_datasets_come_before_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    assert datasets.event("mnist").shape == (28, 28, 1)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_each_column_has_its_role(ending, tmp_path):
    columns = frame(junk=np.arange(300.0))
    data = datasets.load(tabling.write(tmp_path / f"a.{ending}", columns), drop="junk", **tabling.ROLES)
    assert [c.name for c in data.event.columns] == ["length", "income", "children", "hour", "color", "share"]
    kinds = ["real", "real", "real", "circular", "categorical", "real"]
    assert [column.kind for column in data.event.columns] == kinds
    assert [column.name for column in data.event.context_columns] == ["temperature"]
    assert data.event.labels == ("cat", "dog")
    place = {value: row for row, value in enumerate(columns["length"])}
    for found in tabling.splits(data).values():
        at = [place[value] for value in found["x"][:, 0]]
        for number, name in enumerate(["length", "income", "children", "hour"]):
            np.testing.assert_array_equal(found["x"][:, number], columns[name][at])
        colors = np.array(data.event.columns[4].categories)
        np.testing.assert_array_equal(colors[found["x"][:, 4].astype(int)], columns["color"][at])
        np.testing.assert_array_equal(found["context"][:, 0], columns["temperature"][at])
        np.testing.assert_array_equal(np.array(data.event.labels)[found["label"]], columns["species"][at])
        ratio = found["sample_weight"] / columns["weight"][at]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert tabling.rows(data.train)["sample_weight"].mean() == pytest.approx(1, abs=1e-6)


def test_columns_are_chosen_in_the_order_that_is_asked_for():
    data = dataset(columns="share,length", circular=None)
    assert [column.name for column in data.event.columns] == ["share", "length"]
    x = tabling.rows(data.train)["x"]
    assert set(x[:, 1]) <= set(frame()["length"])


def test_arrays_have_roles_as_names_have():
    named = tabling.splits(dataset())
    columns = frame()
    given = {name: columns.pop(name) for name in ("species", "weight", "temperature")}
    options = {"label": given["species"], "weight": given["weight"], "context": given["temperature"]}
    data = datasets.from_arrays(columns, circular="hour:0:24", **options)
    assert [column.name for column in data.event.context_columns] == ["context_x0"]
    found = tabling.splits(data)
    one, other = (np.concatenate([each[part]["x"] for part in tabling.PARTS]) for each in (named, found))
    assert tabling.row_set(one) == tabling.row_set(other)


def test_names_in_a_list_may_have_commas():
    columns = {"height, cm": np.arange(90) + 0.5, " a": np.arange(90) % 4, "b": np.arange(90) / 7}
    data = datasets.from_arrays(pd.DataFrame(columns), categorical=[" a"], context=["b"], continuous=("height, cm",))
    assert [column.kind for column in data.event.columns] == ["real", "categorical"]
    assert [column.step for column in data.event.columns] == [0, 0]
    as_category = pd.DataFrame(columns).astype({"height, cm": "category"})
    assert datasets.from_arrays(as_category).event.columns[0].kind == "categorical"


WRONG = {
    "two roles": ({"label": "color", "context": "color"}, "only one of them.*twice=.'color'"),
    "twice data": ({"columns": "length,length"}, "only one of them.*'length'"),
    "dropped and data": ({"columns": "length", "circular": None, "drop": "length"}, "data.drop.*both=.'length'"),
    "dropped and label": ({"drop": "species"}, "data.drop.*both=.'species'"),
    "unknown data": ({"columns": "size"}, "Expected columns of 'data', which has 'length'.*unknown=.'size'"),
    "unknown drop": ({"drop": "size"}, "Expected columns of 'data', .*unknown=.'size'"),
    "unknown label": ({"label": "size"}, "Expected columns of 'data', .*unknown=.'size'"),
    "none left": (
        {"drop": "length,income,children,hour,color,share"},
        "Expected at least one column of 'data' for the data",
    ),
    "unknown circular": ({"circular": "size:0:1"}, "data.circular to name columns.*'size'"),
    "circular, one end": (
        {"circular": "hour:0:"},
        "two ends of a circular column: .*circular='hour:0:', column='hour'",
    ),
    "circular, no ends": ({"circular": "hour"}, "NAME:LOW:HIGH in data.circular.*circular='hour'"),
    "circular text": ({"circular": "color:0:1"}, "Expected numbers in column 'color'"),
    "continuous text": ({"continuous": "color"}, "Expected numbers in column 'color'"),
    "bounds of text": ({"bounds": "color:0:1"}, "Expected numbers in column 'color'"),
    "two kinds": ({"categorical": "hour"}, "one of data.categorical, .*twice=.'hour'"),
    "unknown bounds": ({"bounds": "temperature:0:"}, "data.bounds to name columns.*'temperature'"),
    "bounds violated": ({"bounds": "length:0:"}, "column 'length' inside of its bounds, 0.0 and None"),
    "bounds in the wrong order": ({"bounds": "length:1:0"}, "NAME:LOW:HIGH in data.bounds.*bounds='length:1:0'"),
    "unknown way": ({"missing": "fill"}, "`missing` to be one of.*missing='fill'"),
    "weight of text": ({"weight": "color"}, "numbers in the column of the weights.*weight='color'"),
    "half": ({"holdout": 0.5}, "`holdout`.*holdout=0.5"),
    "option of images": ({"n_bits": 5}, "`n_bits` is an option of"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_are_named(name):
    options, message = WRONG[name]
    with pytest.raises(ValueError, match=message) as raised:
        dataset(**options)
    assert "\n" not in str(raised.value)


LINES = tabling.text(tabling.mixed(40)).splitlines()
WEIGHTS = r"each weight to be 0 or more\. Received: file=.*a\.csv', row=4, column='weight', value="
FILES = {
    "missing": (
        [*LINES[:5], ",1,2,3,red,0.5,20,cat,1", *LINES[6:]],
        r"no missing values: .*column='length', row=4, file=.*a\.csv'",
    ),
    "missing label": (
        [*LINES[:5], "1,1,2,3,red,0.5,20,,1", *LINES[6:]],
        r"a label in column 'species' of each row\. Received: row=4, file=.*a\.csv'",
    ),
    "negative weight": ([*LINES[:5], "1,1,2,3,red,0.5,20,cat,-1", *LINES[6:]], f"{WEIGHTS}-1.0"),
    "missing weight": ([*LINES[:5], "1,1,2,3,red,0.5,20,cat,", *LINES[6:]], f"{WEIGHTS}nan"),
    "one row": (LINES[:2], r"at least 3 rows of .*a\.csv' to train on whose weight is not 0\. Received: rows=1"),
    "one class": (
        [line for line in LINES if "dog" not in line],
        r"two classes in column 'species'\. Received: classes=\['cat'\]",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_wrong_files_are_named(name, tmp_path):
    lines, message = FILES[name]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match=message):
        datasets.load(str(tmp_path / "a.csv"), **tabling.ROLES)


def test_a_constant_context_is_refused():
    assert "context column 'c' to vary" in refused(
        datasets.from_arrays, {"a": np.arange(50.0), "c": np.ones(50)}, context="c"
    )


def test_numbers_of_rows_are_refused_unless_they_are_asked_for(tmp_path):
    columns = {"Unnamed: 0": np.arange(50), "a": np.random.RandomState(0).normal(size=50)}
    path = tabling.write(tmp_path / "a.csv", columns)
    assert "--set=data.drop='Unnamed: 0'" in refused(datasets.load, path)
    assert datasets.load(path, drop="Unnamed: 0").event.shape == (1,)
    assert datasets.load(path, columns="a,Unnamed: 0").event.shape == (2,)


@pytest.mark.parametrize("cache", [True, False])
def test_labels_of_test_files_are_classes_of_the_training_files(cache, tmp_path):
    rows = tabling.mixed(60)
    train = tabling.write(tmp_path / "a.csv", rows)
    rows["species"] = np.where(np.arange(60) == 7, "bird", rows["species"])
    test = tabling.write(tmp_path / "b.csv", rows)
    error = refused(datasets.load, train, test=test, cache=cache, **tabling.ROLES)
    assert all(part in error for part in ("b.csv", "row=7", "'species'", "'bird'", "'cat', 'dog'"))
    assert datasets.load(test, test=train, cache=cache, **tabling.ROLES).event.labels == ("bird", "cat", "dog")


def test_missing_values_are_masked_if_asked_for():
    columns = frame()
    columns["length"][3], columns["color"] = np.nan, columns["color"].astype(object)
    columns["color"][5] = None
    assert "--set=data.missing=mask" in refused(datasets.from_arrays, columns, **tabling.ROLES)
    data = datasets.from_arrays(columns, missing="mask", **tabling.ROLES)
    length, color = data.event.columns[0], data.event.columns[4]
    assert length.missing
    assert np.isfinite([length.shift, length.scale]).all()
    assert color.categories == ("blue", "green", "red", "(missing)")
    x = np.concatenate([found["x"] for found in tabling.splits(data).values()])
    assert (np.isnan(x[:, 0]).sum(), (x[:, 4] == 3).sum()) == (1, 1)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_too_few_rows(rows):
    x = np.random.RandomState(0).normal(size=(rows, 2))
    assert "at least 3 rows" in refused(datasets.from_arrays, x)


@pytest.mark.parametrize("rows", [3, 4, 10, 25])
def test_few_rows_make_three_splits_and_a_batch(rows, tmp_path):
    path = tabling.write(tmp_path / "a.csv", tabling.numbers(rows, seed=3))
    data = datasets.load(path)
    sizes = [getattr(data, part).size for part in tabling.PARTS]
    assert min(sizes) >= 1
    assert sum(sizes) == rows
    config = zoo.configure("maf", path)
    assert 1 <= config.train["batch_size"] <= data.train.size
    assert config.settings.schedule_of(data.train.size)[0] > 0


@pytest.mark.parametrize("columns", [1, 2000])
def test_one_column_and_many(columns):
    x = np.random.RandomState(0).normal(size=(60, columns))
    data = datasets.from_arrays(x)
    assert data.event.shape == (columns,)
    assert tabling.row_set(np.concatenate([found["x"] for found in tabling.splits(data).values()])) == tabling.row_set(
        x
    )
