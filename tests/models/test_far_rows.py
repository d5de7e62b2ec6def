"""Rows far outside the data: their densities are low, down to 0, and never NaN."""

import numpy as np
import pytest

import zoo
from tests import cases
from tfflows.columns import Column
from tfflows.events import Event

# NSF has a spline and linear maps, MADE a mixture.
VECTORS = [
    pytest.param(case, marks=[] if case.name in ("nsf", "made") else pytest.mark.slow, id=case.name)
    for case in cases.CASES
    if case.event.kind == "vector" and not case.event.condition_size
]
TABLE = Event((2,), columns=(Column("a"), Column("b", shift=5.0, scale=2.0)))


@pytest.mark.parametrize("case", VECTORS)
def test_far_vectors_have_low_scores(case):
    x = np.float32([[1e12, 0], [-1e15, 1e15], [0, 1e20], [1e30, -1e30], [-1e37, 0]])
    scores = cases.kept(case).log_prob(x).numpy()
    assert (scores < -1e4).all(), scores


@pytest.mark.parametrize("case", VECTORS)
def test_rows_of_a_table_may_be_farther_away_than_float32_reaches(case):
    model = zoo.create(case.name, TABLE, **case.settings)
    x = np.random.default_rng(0).normal(size=(64, 2))
    model.initialize(x)
    for far in ([1e39, 0], [0, -1e100], [1e300, 1e300]):
        x[0] = far
        scores = model.log_prob(x).numpy()
        assert scores[0] < -1e4, scores[0]
        assert np.isfinite(scores[1:]).all()


def test_a_far_context_is_no_nan():
    event = Event((2,), columns=TABLE.columns, context=1, context_columns=(Column("c", scale=2.0),))
    model = zoo.create("nsf", event, **cases.SMALL["nsf", "vector"])
    random = np.random.default_rng(0)
    x, context = random.normal(size=(8, 2)), random.normal(size=(8, 1))
    model.initialize(x, context=context)
    context[0] = 1e300
    assert not np.isnan(model.log_prob(x, context=context)).any()
