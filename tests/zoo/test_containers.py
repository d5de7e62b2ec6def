"""Rows in one kind of table are scored in another, and columns go by name wherever there are names."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zoo
from tests.zoo.test_estimator import estimator
from tfflows import datasets
from tfflows.errors import InputError


def frame(n=60):
    random = np.random.default_rng(0)
    return pd.DataFrame({"a": random.normal(size=n), "b": random.normal(100, 1, size=n)})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X .* feature names")
def test_frames_and_arrays_are_scored_alike():
    x = frame()
    named, plain = estimator().fit(x), estimator().fit(x.to_numpy())
    for one in (named, plain):
        np.testing.assert_array_equal(one.score_samples(x), one.score_samples(x.to_numpy()))


@pytest.mark.slow
def test_tables_of_arrow_are_frames():
    x, table = frame(), pa.Table.from_pandas(frame())
    found = estimator().fit(table)
    assert [column.name for column in found.event_.columns] == ["a", "b"]
    np.testing.assert_array_equal(found.score_samples(table), found.score_samples(x))
    assert list(found.sample(3, random_state=0).columns) == ["a", "b"]
    assert datasets.from_arrays(table).event.columns == datasets.from_arrays(x).event.columns


@pytest.mark.slow
@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6], [1, 2, 3, 10, 20]])
def test_categories_of_pandas_are_categories(values):
    random = np.random.default_rng(0)
    x = frame().assign(c=pd.Categorical(random.choice(values, 60)))
    found = estimator().fit(x)
    assert [column.kind for column in found.event_.columns] == ["real", "real", "categorical"]
    drawn = found.sample(200, random_state=0)
    assert drawn["c"].dtype == x["c"].dtype
    assert set(drawn["c"]) <= set(values)
    assert np.isfinite(found.score_samples(drawn)).all()
    assert datasets.from_arrays(x).event.columns[2].kind == "categorical"
    assert datasets.from_arrays(x, continuous="c").event.columns[2].kind == "real"
    given = datasets.from_arrays(x, label="c").event
    assert (given.shape, given.classes) == ((2,), len(values))


def test_batch_is_at_most_the_training_set():
    assert estimator(train={"steps": 2, "batch_size": 512}).fit(frame()).config_.train["batch_size"] < 60


@pytest.mark.slow
def test_columns_of_a_model_go_by_name():
    x = frame()
    data = datasets.from_arrays(x)
    model = zoo.create("made", data.event, width=4)
    model.initialize(x)
    expected = model.log_prob(x.to_numpy())
    np.testing.assert_array_equal(model.log_prob(x[["b", "a"]].assign(other=0.0)), expected)
    np.testing.assert_array_equal(model.predict(x[["b", "a"]], verbose=0), model.predict(x.to_numpy(), verbose=0))
    numbered = pd.DataFrame(x.to_numpy())
    np.testing.assert_array_equal(model.log_prob(numbered), expected)
    with pytest.raises(InputError, match=r"DataFrame `x` to have the columns \['a', 'b'\].*missing=\['b'\]"):
        model.log_prob(x.rename(columns={"b": "c"}))


def test_context_of_a_model_goes_by_name():
    x = frame().assign(c=np.linspace(0, 1, 60), d=np.linspace(5, 6, 60))
    data = datasets.from_arrays(x, context=["c", "d"])
    model = zoo.create("made", data.event, width=4)
    model.initialize(x, context=x)
    expected = model.log_prob(x[["a", "b"]].to_numpy(), context=x[["c", "d"]].to_numpy())
    np.testing.assert_array_equal(model.log_prob(x, context=x), expected)


@pytest.mark.parametrize("container", [lambda table: table, pa.Table.from_pandas], ids=["pandas", "arrow"])
def test_context_of_an_estimator_goes_by_name(container):
    x, context = frame(), frame().assign(b=np.tile(["u", "v"], 30)).add_prefix("of_")
    weight = np.r_[0.0, np.ones(59)]  # leaves out a row of the context, too
    found = estimator().fit(x, context=container(context), sample_weight=weight)
    assert [column.name for column in found.event_.context_columns] == ["of_a", "of_b"]
    expected = found.score_samples(x, context)
    np.testing.assert_array_equal(found.score_samples(x, container(context[["of_b", "of_a"]])), expected)
