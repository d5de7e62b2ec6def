"""`zoo.DensityEstimator` on tables of every kind: it fits them, or says in one line why it does not."""

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.datasets import tabling
from tests.zoo.test_estimator import estimator, rows
from tfflows.errors import InputError
from tfflows.sources.form import Form
from zoo import tables


def normal(n=40):
    return np.random.default_rng(0).normal(size=(n, 3))


TABLES = {
    "ten rows": normal(10),
    "five rows": normal(5),
    "one column": normal()[:, :1],
    "constant": normal() * [1, 1, 0] + [0, 0, 7],
    "nearly constant": normal() * [1, 1, 1e-12] + [0, 0, 7],
    "copies": np.tile(normal(10), (6, 1)),
    "two values": np.where(normal() > 0, [1, 1, 5], normal() * [1, 0, 0]),
    "float16": normal().astype(np.float16),
    "integers": (100 * normal()).astype(int),
    "integers and numbers": np.array([[1, 0.5, True]] * 20 + [[3, 2.5, False]] * 20 + [[2, 0.1, True]] * 5, object),
    "huge": 1e8 * normal() + 1e12,
    "tiny": 1e-8 * normal() + 3e-8,
    "tiny with an offset": 1e-8 * normal() + 1,
    "heavy tails": normal() ** 15,
}


@pytest.mark.slow
@pytest.mark.parametrize("x", TABLES.values(), ids=TABLES)
def test_rows_of_any_kind_have_finite_scores_and_samples(x):
    one = estimator().fit(x)
    assert np.isfinite(one.score_samples(x)).all()
    drawn = one.sample(20, random_state=0)
    assert drawn.shape == (20, np.shape(x)[1])
    assert np.isfinite(drawn.astype(float)).all()


CONTAINERS = {
    "float32": normal().astype(np.float32),
    "objects": normal().astype(object),
    "big-endian": normal().astype(">f8"),
    "not contiguous": np.asfortranarray(np.repeat(normal(), 2, axis=0))[::2],
    "list": normal().tolist(),
}


@pytest.mark.parametrize("x", CONTAINERS.values(), ids=CONTAINERS)
def test_rows_are_the_same_in_every_container(x):
    """In what a fit, a score and a sample make of them, before and after the model."""
    one = estimator()
    taken = one._checked(x, reset=True)
    data = tables.data(taken, None, None, 0, {})
    fitted = np.concatenate([tabling.rows(split)["x"] for split in (data.train, data.validation)])
    np.testing.assert_allclose(np.sort(fitted, axis=0), np.sort(normal(), axis=0), rtol=1e-6)
    one.event_ = data.event
    examples = tables.examples(data.event, one._checked(x, reset=False), None)["x"]
    np.testing.assert_allclose(examples, normal(), rtol=1e-6)
    drawn = Form.of(taken).rows(examples, data.event.columns)
    assert (type(drawn), drawn.shape) == (np.ndarray, (40, 3))
    np.testing.assert_allclose(drawn.astype(float), normal(), rtol=1e-6)


@pytest.mark.slow
def test_missing_values_are_refused_unless_they_are_masked():
    x = np.where(np.random.default_rng(0).random((60, 2)) < 0.2, np.nan, rows())
    with pytest.raises(ValueError, match="NaN"):
        estimator().fit(x)
    one = estimator(data={"missing": "mask"}).fit(x)
    assert np.isfinite(one.score_samples(x)).all()
    assert np.isfinite(one.sample(5)).all()


@pytest.mark.slow
def test_names_may_have_commas():
    frame = pd.DataFrame(normal(), columns=["height, cm", " weight", "c"])
    one = estimator(bandwidth="scott", data={"circular": ["c:-9:9"]}).fit(frame)
    assert [column.kind for column in one.event_.columns] == ["real", "real", "circular"]
    assert np.isfinite(one.score_samples(frame)).all()


WRONG = {
    "model": ({"model": "nope"}, "Expected `model` to be one of .*'nope'"),
    "contamination": ({"contamination": 1.0}, "Expected `contamination` to be a number in .*contamination=1.0"),
    "contamination of scikit-learn": ({"contamination": "auto"}, "`contamination` to be a number .*='auto'"),
    "setting": ({"settings": {"wide": 3}}, "Expected a setting of `model` .*wide=3"),
    "training": ({"train": {"step": 3}}, "Expected a setting of `train` .*step=3"),
    "option": ({"data": {"label": "x0"}}, "Expected `data` to be one of .*label"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_wrong_parameter_is_named(settings, message):
    with pytest.raises(InputError, match=message) as caught:
        zoo.DensityEstimator().set_params(**settings).fit(rows())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (normal(4), r"Found array with 4 sample\(s\) .* while a minimum of 5 is required"),
        (np.zeros((40, 2)), "Expected at least one column of real numbers"),
        (normal().astype(str), "string"),
        (pd.DataFrame({"a": normal()[:, 0], "b": pd.date_range("2020", periods=40)}), "not dates"),
        (pd.DataFrame({"a": normal()[:, 0], "b": ["u", None] * 20}), "NaN"),
    ],
)
def test_wrong_rows_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        estimator().fit(x)
