"""`zoo.DensityEstimator`: the checks of scikit-learn, and laws of its scores, samples and flags."""

import io
import random
import tempfile

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_dataframe_column_names_consistency, parametrize_with_checks

import zoo
from tfflows import metrics
from tfflows.errors import InputError
from zoo import tables
from zoo.estimator import EXPECTED_FAILED_CHECKS

TINY = {"settings": {"width": 4}, "train": {"steps": 10, "validate_every": 5, "ema": 0.0, "steps_per_execution": 5}}
SCALES, CENTERS = np.array([1000.0, 0.01]), np.array([5e4, -3.0])


def estimator(**settings):
    return zoo.DensityEstimator("made", **{**TINY, "random_state": 0, **settings})


def rows(n=60, seed=0):
    """Two dependent columns, of very different scales."""
    e = np.random.default_rng(seed).normal(size=(n, 2))
    return CENTERS + SCALES * np.stack([e[:, 0], 0.8 * e[:, 0] + 0.6 * e[:, 1]], axis=1)


def frame(n=60):
    """Columns of all kinds, whose samples could leave the range of their types."""
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "length": random.normal(size=n),
            "byte": np.minimum(random.integers(200, 300, n), 255).astype(np.uint8),
            "half": (60_000 + 4_000 * random.normal(size=n)).clip(0, 65_000).astype(np.float16),
            "color": random.choice(["red", "green", "blue"], n),
            "digit": random.choice(["0", "1"], n),
            "flag": random.random(n) < 0.4,
            "kind": pd.Categorical(random.choice(["a", "b"], n)),
        }
    )


@pytest.fixture(scope="module")
def fitted():
    return estimator(contamination=0.1, train={**TINY["train"], "steps": 200, "validate_every": 50}).fit(rows())


@pytest.fixture(scope="module")
def of_frame():
    return estimator().fit(frame())


def grid(cells):
    """Centers of cells of the plane in which nearly all of the rows are, and the area of a cell."""
    ends = [np.linspace(c - 8 * s, c + 8 * s, cells + 1) for c, s in zip(CENTERS, SCALES, strict=True)]
    centers = [(end[1:] + end[:-1]) / 2 for end in ends]
    area = np.prod([end[1] - end[0] for end in ends])
    return np.stack(np.meshgrid(*centers, indexing="ij"), axis=-1).reshape(-1, 2), area


@pytest.mark.slow
@parametrize_with_checks([estimator(random_state=None)], expected_failed_checks=lambda _: EXPECTED_FAILED_CHECKS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_names_of_columns_are_checked_as_in_scikit_learn():
    check_dataframe_column_names_consistency("DensityEstimator", estimator())


def test_density_integrates_to_one_in_the_units_of_the_rows(fitted):
    x, area = grid(160)
    assert np.exp(fitted.score_samples(x)).sum() * area == pytest.approx(1, abs=0.01)


def test_samples_have_the_density(fitted):
    x, area = grid(160)
    density, n = np.exp(fitted.score_samples(x)) * area, 40_000
    drawn = fitted.sample(n, random_state=1)
    for direction in ([1 / SCALES[0], 0], [0, 1 / SCALES[1]], 1 / SCALES, [1 / SCALES[0], -1 / SCALES[1]]):
        end = np.quantile(rows() @ direction, 0.8)
        share = density[x @ direction < end].sum()
        assert np.mean(drawn @ direction < end) == pytest.approx(share, abs=0.01 + 0.01)  # noise, and half of a cell


def test_score_is_the_mean(fitted):
    assert fitted.score(rows()) == pytest.approx(fitted.score_samples(rows()).mean())


def test_score_of_a_row_depends_on_the_row_alone(fitted):
    x = rows(1500)
    some = [700, 3, 1499]
    np.testing.assert_array_equal(fitted.score_samples(x)[some], fitted.score_samples(x[some]))


def test_flags_follow_from_the_contamination(fitted):
    scores = fitted.score_samples(rows())
    assert (fitted.predict(rows()) == -1).sum() == 6
    assert set(fitted.predict(rows())[np.argsort(scores)[:6]]) == {-1}
    np.testing.assert_allclose(fitted.decision_function(rows()), scores - fitted.offset_)


def test_impossible_rows_are_flagged_unless_others_are_as_impossible(fitted, monkeypatch):
    far = np.full((1, rows().shape[1]), 1e300)
    assert fitted.score_samples(far) == [-np.inf]
    assert fitted.predict(far) == [-1]
    monkeypatch.setattr(fitted, "offset_", -np.inf)
    assert fitted.decision_function(far) == [0]
    assert fitted.predict(far) == [1]


@pytest.mark.parametrize(
    ("share", "weight", "expected"),
    [
        (0, None, 1),
        (0.2, None, 2),
        (0.39, None, 2),
        (0.99, None, 9),
        (0.2, [1, 1, 1, 1, 16], 9),
        (0.25, [1, 1, 1, 1, 0], 2),
    ],
)
def test_lower_quantile(share, weight, expected):
    values = np.array([9.0, 9.0, 2.0, 1.0, 2.0])[::-1] if weight is None else np.array([9.0, 5.0, 2.0, 1.0, 9.0])
    weight = None if weight is None else np.array(weight)
    assert metrics.lower_quantile(values, share, weight) == expected
    counts = np.ones(5) if weight is None else weight
    assert counts[values < expected].sum() <= share * counts.sum()


def test_lower_quantile_takes_an_impossible_row():
    assert metrics.lower_quantile(np.array([0.0, -np.inf, 1.0]), 0.1) == -np.inf


@pytest.mark.slow
def test_same_seed_same_scores_and_the_seeds_of_others_stay():
    found = []
    for number, seed in enumerate((0, 0, 4)):
        random.seed(number)
        before = random.getstate(), np.random.get_state()[1].copy()
        found.append(estimator(random_state=seed).fit(rows()).score_samples(rows()))
        assert random.getstate() == before[0]
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 1e-3


@pytest.mark.slow
def test_rows_of_weight_zero_are_removed():
    x, weight = rows(), np.random.default_rng(0).integers(0, 3, 60)
    weighted = estimator().fit(np.where(weight[:, None] > 0, x, 1e9), sample_weight=weight)
    kept = estimator().fit(x[weight > 0], sample_weight=weight[weight > 0])
    np.testing.assert_array_equal(weighted.score_samples(x), kept.score_samples(x))
    assert weighted.offset_ == kept.offset_


def test_rows_of_weight_zero_may_have_what_no_other_row_has():
    x, weight = rows(), np.ones(60)
    x[3, 0], weight[3] = np.nan, 0.0
    context = np.array(["u", "v", "w", *["u", "v"] * 28, "u"])
    weight[2] = 0.0
    one = estimator(data={"missing": "mask"}).fit(x, sample_weight=weight, context=pd.DataFrame({"c": context}))
    assert not any(column.missing for column in one.event_.columns)
    assert one.event_.context_columns[0].categories == ("u", "v")


@pytest.mark.slow
def test_weights_matter():
    x = np.concatenate([rows(), rows() + 4 * SCALES])
    first, second = (
        estimator(train={**TINY["train"], "steps": 100}).fit(x, sample_weight=w) for w in np.eye(2).repeat(60, 1) + 0.01
    )
    assert first.score(x[:60]) > second.score(x[:60])
    assert first.score(x[60:]) < second.score(x[60:])


def test_frame_gives_frame(of_frame):
    drawn = of_frame.sample(200, random_state=0)
    assert list(drawn.columns) == list(frame().columns)
    assert list(drawn.dtypes) == list(frame().dtypes)
    for name in ("color", "digit", "flag", "kind"):
        assert set(drawn[name]) == set(frame()[name])
    assert drawn["byte"].max() == 255
    assert drawn["byte"].min() > 100
    assert np.isfinite(drawn["half"]).all()
    assert np.isfinite(of_frame.score_samples(drawn.astype({"half": float}).assign(half=60_000.0))).all()


def test_rows_come_back_in_their_form(of_frame):
    codes = tables.examples(of_frame.event_, frame(), None)["x"]
    pd.testing.assert_frame_equal(of_frame._form.rows(codes, of_frame.event_.columns), frame())


def test_unknown_category_is_impossible(of_frame):
    scores = of_frame.score_samples(frame().head(2).assign(color=["red", "black"]))
    assert np.isfinite(scores[0])
    assert scores[1] == -np.inf


def test_columns_in_another_order_are_refused(of_frame):
    with pytest.raises(ValueError, match="same order as they were in fit"):
        of_frame.score_samples(frame()[frame().columns[::-1]])


@pytest.mark.slow
def test_array_gives_array_of_its_type():
    x = np.random.default_rng(0).integers(0, 256, (60, 2)).astype(np.uint8)
    drawn = estimator().fit(x).sample(500, random_state=0)
    assert drawn.dtype == np.uint8
    assert (np.sort(drawn[:, 0])[[0, -1]] == [0, 255]).all(), "cut off, not taken modulo 256"


def test_pickled_and_cloned_estimators_are_the_same(fitted, of_frame):
    for one, x in ((fitted, rows()), (of_frame, frame())):
        file = io.BytesIO()
        joblib.dump(one, file)
        file.seek(0)
        read = joblib.load(file)
        np.testing.assert_array_equal(read.score_samples(x), one.score_samples(x))
        drawn = (np.asarray(each.sample(2, random_state=0)).tolist() for each in (read, one))
        assert next(drawn) == next(drawn)
        assert repr(clone(one)) == repr(one)


@pytest.mark.slow
def test_pipeline_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), estimator())
    scores = cross_val_score(pipeline, rows(), cv=2)
    assert np.isfinite(scores).all()
    assert set(pipeline.fit(rows()).predict(rows())) <= {-1, 1}


def test_nothing_is_left_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    estimator().fit(rows())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_samples_of_numbers_that_are_categories_are_these_numbers():
    random = np.random.default_rng(0)
    few = random.choice([5.0, 7.0, np.nan], 80)
    kinds = {"nullable": "Int64", "category": pd.CategoricalDtype([5, 7]), "float": float}
    frame = pd.DataFrame({"x": random.normal(size=80), **dict.fromkeys(kinds, few)}).astype(kinds)
    truths = pd.array([None if np.isnan(each) else each == 5 for each in few], dtype="boolean")
    one = estimator(data={"missing": "mask"}).fit(frame.assign(truth=truths))
    drawn = one.sample(50)
    assert np.isfinite(one.score_samples(drawn)).all()
    for name in kinds:
        assert set(drawn[name].dropna()) == {5, 7}
    assert set(drawn["truth"].dropna()) == {True, False}
    array = estimator(data={"missing": "mask"}).fit(np.stack([frame["x"], few], axis=1)).sample(50)
    assert {each for each in array[:, 1] if not np.isnan(each)} == {5.0, 7.0}


def test_a_context_that_the_model_lacks_is_refused(fitted):
    with pytest.raises(InputError, match=r"Expected no `context`: this model has none"):
        fitted.score_samples(rows(), context=np.zeros((60, 1)))
