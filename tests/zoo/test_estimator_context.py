"""`zoo.DensityEstimator` with a context of each row, and with weights."""

import numpy as np
import pandas as pd
import pytest

from tests.zoo.test_estimator import TINY, estimator, rows

CONTEXT = pd.DataFrame({"a": rows()[:, 0], "b": np.tile(["u", "v"], 30)})


@pytest.fixture(scope="module")
def conditional():
    one = estimator(train={**TINY["train"], "steps": 300, "learning_rate": 0.02})
    return one.fit(rows()[:, 1:], context=CONTEXT)


@pytest.mark.slow
def test_score_depends_on_the_context_of_the_row(conditional):
    x, other = rows()[:, 1:], CONTEXT.assign(a=CONTEXT["a"].to_numpy()[::-1])
    assert conditional.score(x, context=CONTEXT) > conditional.score(x, context=other) + 0.3
    same = conditional.score_samples(x, CONTEXT[["b", "a"]])
    np.testing.assert_array_equal(same, conditional.score_samples(x, CONTEXT))


@pytest.mark.slow
def test_samples_take_a_context_each_or_one_for_all(conditional):
    drawn = (conditional.sample(7, context=CONTEXT.head(n)) for n in (7, 1))
    assert [each.shape for each in drawn] == [(7, 1), (7, 1)]
    of_array = estimator().fit(rows()[:, 1:], context=rows())
    drawn = [of_array.sample(5, random_state=0, context=one_for_all) for one_for_all in (rows()[0], rows()[:1])]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.slow
def test_contexts_that_do_not_belong_to_the_rows_are_refused(conditional):
    x = rows()[:, 1:]
    with pytest.raises(ValueError, match=r"a `context`: .* conditioned on \['a', 'b'\]\. Received: context=None"):
        conditional.score_samples(x)
    with pytest.raises(ValueError, match=r"columns of 'X' with equally many rows\. Received: rows={'x0': 60, 'a': 3,"):
        conditional.score_samples(x, CONTEXT.head(3))
    with pytest.raises(
        ValueError, match=r"`context` for each of the 7 rows, or one for all.* Received: shape=\(3, 2\)"
    ):
        conditional.sample(7, context=CONTEXT.head(3))


@pytest.mark.slow
def test_fit_predict_is_fit_and_predict_with_weights_and_context():
    x, weight = rows()[:, 1:], np.repeat([1.0, 0.1], 30)
    one, other, plain = (estimator(contamination=0.3) for _ in range(3))
    found = one.fit_predict(x, sample_weight=weight, context=CONTEXT)
    np.testing.assert_array_equal(found, other.fit(x, sample_weight=weight, context=CONTEXT).predict(x, CONTEXT))
    assert one.offset_ == other.offset_
    assert np.any(found != plain.fit_predict(x, context=CONTEXT))
