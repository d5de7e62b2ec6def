"""Tables, columns and rows that make no sense get an error of one line."""

import numpy as np
import pytest

import zoo
from tests.models.tables import ANGLE, COLOR, GAP, REAL, TENTHS, rows, table
from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event

SMALL = (COLOR, REAL, ANGLE, TENTHS, GAP)

WRONG_ROWS = {
    "NaN that cannot be missing": (lambda x: changed_entry(x, 1, np.nan), r"`x` to be finite .*: x\[1, 1\]=nan\."),
    "infinity": (lambda x: changed_entry(x, 4, np.inf), r"`x` to be finite .*: x\[1, 4\]=inf\."),
    "NaN as a category": (lambda x: changed_entry(x, 0, np.nan), r"`x` to be finite .*: x\[1, 0\]=nan\."),
    "too few columns": (lambda x: x[:, :-1], r"`x` of shape \[batch, 5\]\. Received: shape=\(4, 4\)"),
    "text": (lambda x: x.astype(str), r"`x` to hold real numbers\. Received: dtype='<U32'"),
    "a row": (lambda x: x[0], r"`x` of shape \[batch, 5\]\. .*`x\[None\]`\. Received: shape=\(5,\)"),
}
WRONG_CONDITIONS = {
    "no context": ({"context": None}, r"a `context` of 3 numbers for each row\. Received: context=None"),
    "NaN in a context": ({"context": [np.nan, 1.0, 1.0]}, r"`context` to be finite .* Received: context\[0\]=nan\."),
    "short context": ({"context": [1.0, 1.0]}, r"`context` of shape \[batch, 3\]\. Received: shape=\(2,\)"),
    "too many contexts": (
        {"context": np.ones([5, 3])},
        r"a `context` for each row, `\[batch, 3\]`, or a single one\. Received: shape=\(5, 3\), rows=4",
    ),
    "label out of range": ({"label": 2}, r"each `label` to be an integer in 0\.\.1\. Received: label=2"),
}


def changed_entry(x, place, value):
    x = x.copy()
    x[1, place] = value
    return x


@pytest.fixture(scope="module")
def model():
    return table(*SMALL, conditional=True, steps=1)


@pytest.mark.parametrize(("form", "message"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_wrong_rows_are_refused(form, message, model):
    x, given = rows(model.event, 4)
    for use in (model.log_prob, model.encode, model.initialize):
        with pytest.raises(InputError, match=message):
            use(form(x), **given)


@pytest.mark.parametrize(("change", "message"), WRONG_CONDITIONS.values(), ids=WRONG_CONDITIONS)
def test_wrong_conditions_are_refused(change, message, model):
    x, given = rows(model.event, 4)
    for use in (model.log_prob, model.encode, model.initialize):
        with pytest.raises(InputError, match=message):
            use(x, **(given | change))
    with pytest.raises(InputError, match=message):
        model.sample(4, **(given | change))


def test_a_value_and_an_entry_of_the_context_may_be_missing(model):
    x, _ = rows(model.event, 4)
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
