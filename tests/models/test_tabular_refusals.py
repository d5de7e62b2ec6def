"""Tables, columns and rows that make no sense get an error of one line."""

import numpy as np
import pytest

import zoo
from tests.models.tables import ANGLE, COLOR, GAP, REAL, TENTHS, rows, table
from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event

SMALL = (COLOR, REAL, ANGLE, TENTHS, GAP)

WRONG = {
    "NaN that cannot be missing": (lambda x: changed_entry(x, 1, np.nan), {}),
    "infinity": (lambda x: changed_entry(x, 4, np.inf), {}),
    "NaN as a category": (lambda x: changed_entry(x, 0, np.nan), {}),
    "too few columns": (lambda x: x[:, :-1], {}),
    "text": (lambda x: x.astype(str), {}),
    "a row": (lambda x: x[0], {}),
    "no context": (lambda x: x, {"context": None}),
    "NaN in a context": (lambda x: x, {"context": [np.nan, 1.0, 1.0]}),
    "short context": (lambda x: x, {"context": [1.0, 1.0]}),
    "too many contexts": (lambda x: x, {"context": np.ones([5, 3])}),
    "label out of range": (lambda x: x, {"label": 2}),
}


def changed_entry(x, place, value):
    x = x.copy()
    x[1, place] = value
    return x


@pytest.fixture(scope="module")
def model():
    return table(*SMALL, conditional=True, steps=1)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_input_is_refused(wrong, model):
    form, change = WRONG[wrong]
    x, given = rows(model.event, 4)
    given |= change
    for use in (model.log_prob, model.encode, model.initialize):
        with pytest.raises(InputError, match=r"Expected .* Received: "):
            use(form(x), **given)
    if change:
        with pytest.raises(InputError, match=r"Expected .* Received: "):
            model.sample(4, **given)
    # Both may be missing: a value, and an entry of the context.
    assert np.isfinite(model.log_prob(changed_entry(x, 4, np.nan), 1, [1.0, np.nan, 1.0])).all()


WRONG_COLUMNS = {
    "`low` to be less than `high`": {"low": 2.0, "high": 1.0},
    "circular column 'x' to have the two ends": {"kind": "circular", "low": 0.0},
    "`categories` of column 'x' if and only if": {"kind": "categorical"},
    "as many `values` as `categories`": {"kind": "categorical", "categories": ("a", "b"), "values": (1, 1)},
    "no missing values in categorical": {"kind": "categorical", "categories": ("a", "b"), "missing": True},
    "a positive scale": {"scale": 0.0},
    "a step of 0 or more": {"step": -1.0},
}


@pytest.mark.parametrize("message", WRONG_COLUMNS)
def test_columns_that_make_no_sense_are_refused(message):
    with pytest.raises(InputError, match=message):
        Column("x", **WRONG_COLUMNS[message])


@pytest.mark.parametrize(
    ("columns", "message"),
    [((COLOR, ANGLE), "at least one column of real numbers"), ((REAL, REAL), "columns of different names")],
)
def test_tables_that_make_no_sense_are_refused(columns, message):
    with pytest.raises(InputError, match=message):
        zoo.create("maf", Event((len(columns),), columns=columns))
