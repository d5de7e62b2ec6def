"""`DensityEstimator(bandwidth=)`: the width of a kernel, as in scikit-learn, and a density that is wider by it."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.neighbors import KernelDensity

import zoo
from tests.zoo.test_estimator import estimator, rows
from tfflows import datasets
from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event
from zoo import rules, tables


@pytest.mark.parametrize("rule", ["scott", "silverman"])
@pytest.mark.parametrize("shape", [(30, 1), (500, 7)])
def test_rules_are_those_of_kernel_density(rule, shape):
    expected = KernelDensity(bandwidth=rule).fit(np.zeros(shape)).bandwidth_
    assert rules.bandwidth(rule, *shape) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_density_is_wider_than_the_rows_and_at_most_by_the_noise():
    x = rows(2000)  # without noise in the validation set, so that the fit may stop before it has the whole width
    train = {"steps": 600, "validate_every": 200, "warmup_steps": 10}
    one = zoo.DensityEstimator("made", bandwidth=1.0, settings={"width": 16}, train=train, random_state=0).fit(x)
    wider = one.sample(4000, random_state=0).std(axis=0) / x.std(axis=0)
    assert np.all((wider > 1.2) & (wider < 1.05 * np.sqrt(2)))


@pytest.mark.parametrize("rows", [40, 600, 1300, 16_000, 40_000, 10**6])
def test_steps_fill_whole_executions(rows):
    train = rules.preset("nsf", Event((1,), columns=(Column("a"),)), rows)["train"]
    assert train["steps"] % train["steps_per_execution"] == train["validate_every"] % train["steps_per_execution"] == 0
    assert train["steps_per_execution"] == 10


@pytest.mark.parametrize("length", [{"steps": 40}, {"epochs": 10}])
def test_warm_up_is_a_tenth_of_a_short_run(length):
    event = Event((1,), columns=(Column("a"),))
    split = datasets.Split(tf.data.Dataset.from_tensor_slices({"x": np.zeros((400, 1))}), size=400)
    data = datasets.Data("X", event, split, split, split)
    train = {"batch_size": 100, **length}
    assert tables.config("made", data, 0, {}, train).train["warmup_steps"] == 4
    assert tables.config("made", data, 0, {}, {**train, "warmup_steps": 15}).train["warmup_steps"] == 15
    assert tables.config("vae", data, 0, {}, train).model["kl_warmup_steps"] == 8
    assert tables.config("vae", data, 0, {"kl_warmup_steps": 30}, train).model["kl_warmup_steps"] == 30


def test_columns_that_are_continuous_anyway_stay_so():
    frame = pd.DataFrame({"a": np.arange(60) % 9, "b": np.arange(60) % 2, "c": np.arange(60) / 7})
    found = tables.as_real_numbers(frame, {"continuous": ["a"], "categorical": ["c"]})
    assert found == {"bounds": "none", "continuous": ("a", "b"), "categorical": ["c"]}


@pytest.mark.slow
def test_numbers_are_real_and_without_bounds_unless_options_say_more():
    random = np.random.default_rng(0)
    table = {"n": random.integers(0, 9, 200), "two": random.integers(0, 2, 200), "price": random.lognormal(size=200)}
    frame = pd.DataFrame({**table, "kind": random.choice(["u", "v"], 200), "code": random.integers(0, 3, 200)})
    one = estimator(bandwidth="scott", data={"categorical": ["code"]}).fit(frame)
    found = {column.name: (column.kind, column.step, column.low, column.atom) for column in one.event_.columns}
    real = ("real", 0.0, None, None)
    assert {name: found[name] for name in table} == dict.fromkeys(table, real)
    assert (found["kind"][0], found["code"][0]) == ("categorical", "categorical")
    assert one.config_.train["input_noise"] == rules.bandwidth("scott", 200, 5)
    assert np.isfinite(one.score_samples(frame)).all()


@pytest.mark.parametrize("bandwidth", ["wide", 0, -1.0, True, float("nan")])
def test_wrong_bandwidth_is_named(bandwidth):
    with pytest.raises(InputError, match=r"Expected `bandwidth` to be one of .*Received: bandwidth="):
        estimator(bandwidth=bandwidth).fit(rows())


@pytest.mark.parametrize("name", ["vae", "flow_vae"])
def test_autoencoders_of_tables_warm_up_their_kl_and_are_scored_with_importance_samples(name):
    preset = rules.preset(name, Event((6,), columns=tuple(Column(each) for each in "abcdef")), 1000)
    assert preset["model"]["kl_warmup_steps"] == preset["train"]["steps"] // 5
    assert preset["model"]["latents"] == 3
    assert preset["train"]["num_importance_samples"] == 20
