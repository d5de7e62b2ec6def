"""What a column contains decides what a model is told about it."""

import numpy as np
import pytest

from tests.datasets import tabling
from tests.sources.reading import refused
from tfflows import datasets

ROWS = 2000
RANDOM = np.random.RandomState(0)
NORMAL, SKEWED, UNIFORM = RANDOM.normal(size=ROWS), RANDOM.lognormal(size=ROWS), RANDOM.uniform(size=ROWS)
ZEROS = RANDOM.uniform(size=ROWS) < 0.5
COUNTS = RANDOM.poisson(4, ROWS)
GROUP = RANDOM.randint(0, 5, ROWS)
real = {"kind": "real", "missing": False}
plain = {**real, "step": 0, "low": None, "high": None}

COLUMNS = {  # values, options, what is found
    "continuous": (NORMAL, {}, plain),
    "integers": (np.round(100 * NORMAL), {}, {**real, "step": 1, "low": None}),
    "integers, continuous": (np.round(100 * NORMAL), {"continuous": "a"}, plain),
    "counts": (COUNTS, {}, {**real, "step": 1, "low": None}),
    "skewed counts": (np.round(20 * SKEWED**2), {}, {**real, "step": 1, "low": -0.5, "high": None}),
    "large integers": (np.round(1e12 * NORMAL), {}, {**real, "step": 1, "low": None}),
    "two values": (np.where(ZEROS, 1, 4), {}, {"kind": "categorical", "categories": ("1", "4"), "values": (1, 4)}),
    "two values, continuous": (np.where(ZEROS, 1, 4), {"continuous": "a"}, plain),
    "truth": (ZEROS, {}, {"kind": "categorical", "categories": ("0", "1"), "values": (0, 1)}),
    "constant": (np.full(ROWS, 7.5), {}, {"kind": "categorical", "categories": ("7.5",), "values": (7.5,)}),
    "text": (np.array(list("abcde"))[GROUP], {}, {"kind": "categorical", "categories": tuple("abcde")}),
    "text of numbers": (np.array(list("01"))[GROUP % 2], {}, {"kind": "categorical", "categories": ("0", "1")}),
    "categories": (GROUP * 10, {"categorical": "a"}, {"kind": "categorical", "values": (0, 10, 20, 30, 40)}),
    "groups": (GROUP * 10, {}, {**real, "step": 1}),
    "tenths": (np.round(NORMAL, 1), {}, {**real, "step": 0.1, "low": None}),
    "tenths in float32": (np.round(NORMAL, 1).astype(np.float32), {}, {**real, "step": 0.1}),
    "hundredths": (np.round(NORMAL, 2), {}, {**real, "step": 0.01}),
    "thousandths without ties": (np.round(1000 * NORMAL[:50], 3), {}, plain),
    "zeros and others": (np.where(ZEROS, 0, NORMAL), {}, {**real, "step": 0, "atom": 0, "low": None}),
    "small zeros and others": (np.where(ZEROS, 0, 1e-8 * NORMAL), {}, {**real, "step": 0, "atom": 0}),
    "small and rounded": (np.round(NORMAL, 1) * 1e-6, {}, {**real, "step": pytest.approx(1e-7)}),
    "small, with an offset": (1 + 1e-6 * np.round(NORMAL, 1), {}, {**real, "step": pytest.approx(1e-7)}),
    "positive": (SKEWED, {}, {**real, "step": 0, "low": 0, "high": None}),
    "positive, not skewed": (100 + NORMAL, {}, plain),
    "positive, skewed far from zero": (100 + SKEWED, {}, plain),
    "positive, without bounds": (SKEWED, {"bounds": "none"}, plain),
    "interval": (UNIFORM, {}, {**real, "step": 0, "low": 0, "high": 1}),
    "part of the interval": (0.2 + UNIFORM / 2, {}, plain),
    "bounds": (NORMAL, {"bounds": "a:-9:9"}, {**real, "low": -9, "high": 9}),
    "one bound": (NORMAL, {"bounds": "a::9"}, {**real, "low": None, "high": 9}),
    "bounds of integers": (COUNTS, {"bounds": "a:0:"}, {**real, "step": 1, "low": -0.5, "high": None}),
    "circular": (360 * UNIFORM, {"circular": "a:0:360"}, {"kind": "circular", "low": 0, "high": 360}),
    "small": (1e-8 * NORMAL, {}, {**plain, "scale": pytest.approx(1e-8, rel=0.1)}),
    "large": (1e8 * NORMAL, {}, {**plain, "scale": pytest.approx(1e8, rel=0.1)}),
    "far away": (1e8 + NORMAL, {}, {**plain, "shift": pytest.approx(1e8), "scale": pytest.approx(1, rel=0.1)}),
    "standard": (SKEWED**2, {"bounds": "none"}, {"scale": pytest.approx(np.std(SKEWED**2), rel=0.5)}),
    "robust": (NORMAL**3, {"scaling": "robust"},
               {"shift": pytest.approx(0, abs=0.1), "scale": pytest.approx(0.46, rel=0.2)}),
    "logarithm": (SKEWED, {}, {"shift": pytest.approx(0, abs=0.1), "scale": pytest.approx(1, rel=0.1)}),
    "copies": (np.repeat(NORMAL[: ROWS // 3], 3), {}, plain),
}  # fmt: skip


def column(values, **options):
    data = datasets.from_arrays({"a": values, "b": np.random.RandomState(1).normal(size=len(values))}, **options)
    return data.event.columns[0]


@pytest.mark.parametrize("name", COLUMNS)
def test_kind_support_and_step_of_a_column_follow_from_its_values(name):
    values, options, expected = COLUMNS[name]
    alone = name == "copies"  # with another column, no row is a copy
    found = datasets.from_arrays({"a": values}).event.columns[0] if alone else column(values, **options)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_are_what_they_were(name):
    """The scale is that of the model: data stay in raw units."""
    values, options, _ = COLUMNS[name]
    data = datasets.from_arrays({"a": values}, **options)
    found = np.concatenate([rows["x"][:, 0] for rows in tabling.splits(data).values()])
    if isinstance(values[0], str):
        codes = {float(code): name for name, code in zip(np.unique(values), data.event.columns[0].values, strict=True)}
        found, values = np.array([codes[code] for code in found]), values.astype(str)
    np.testing.assert_array_equal(np.sort(found), np.sort(values))


def test_two_numbers_and_missing_values_are_three_categories():
    values = np.where(ZEROS, 0.5, 4)
    values[3] = np.nan
    found = column(values, missing="mask")
    assert found.categories == ("0.5", "4", "(missing)")
    assert not found.missing


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (NORMAL, {"bounds": "a:-1:1"}, "column 'a' inside of its bounds"),
        (np.abs(NORMAL) * (np.arange(ROWS) > 0), {"bounds": "a:0:", "continuous": "a"}, "column 'a' inside"),
        (np.arange(ROWS).astype(str), {}, "at most 1000 categories in column 'a'"),
        (np.arange(ROWS), {"categorical": "a"}, "at most 1000 categories in column 'a'"),
        (np.where(ZEROS, np.inf, 1), {}, "finite"),
        (np.full(ROWS, np.nan), {"missing": "mask"}, "column 'a' to have values"),
        (np.where(ZEROS, np.nan, 360 * UNIFORM), {"circular": "a:0:360", "missing": "mask"}, "circular column 'a'"),
    ],
)
def test_columns_that_no_model_can_use(values, options, message):
    with np.errstate(all="ignore"):
        assert message in refused(column, values, **options)


def test_context_is_neither_rounded_nor_bounded():
    data = datasets.from_arrays({"a": NORMAL, "c": np.where(ZEROS, 1, 4), "d": SKEWED}, context="c,d")
    assert [(c.kind, c.step, c.low) for c in data.event.context_columns] == [("real", 0, None)] * 2


def test_columns_may_have_any_name():
    x = {"_place": np.random.default_rng(0).normal(size=200), "_content": np.random.default_rng(1).normal(size=200)}
    columns = datasets.from_arrays(x).event.columns
    assert [(column.name, round(column.scale)) for column in columns] == [("_place", 1), ("_content", 1)]
