"""An estimator is exported as `train.py` exports a model: it can be loaded, scored with, and served."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.zoo.test_estimator import estimator, frame, rows
from tfflows.errors import InputError
from tfflows.export import training_scores
from tfflows.generate import modes
from tfflows.generate.__main__ import trained
from tfflows.scoring import score


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A fitted estimator, and its export."""
    one, folder = estimator().fit(table(60)), tmp_path_factory.mktemp("exported") / "mine"
    return one, one.export(folder, table(40))


def table(number):
    """Rows without rounded columns, whose noise depends on the last bits of a row."""
    return frame(number).drop(columns=["byte", "half"])


@pytest.mark.slow
def test_rows_of_a_file_have_the_scores_of_the_estimator(exported, tmp_path):
    one, version = exported
    table(50).to_csv(tmp_path / "new.csv", index=False)
    result = score(version.parent, tmp_path / "new.csv", tmp_path / "scores.csv", flag_below_quantile=0.1)
    found = pd.read_csv(tmp_path / "scores.csv")
    np.testing.assert_allclose(found["log_prob"], one.score_samples(table(50)), rtol=1e-4, atol=1e-4)
    assert 0 < found["outlier"].sum() < 25
    assert "bound" not in result.report


@pytest.mark.slow
def test_export_is_loaded_by_its_folder_and_says_where_it_is_from(exported):
    one, version = exported
    x = one.sample(5, random_state=0)
    codes = zoo.tables.examples(one.event_, x, None)["x"]
    np.testing.assert_allclose(zoo.load(str(version.parent)).log_prob(codes), one.score_samples(x), rtol=1e-5)
    metrics = json.loads((version / "metrics.json").read_text())
    assert (metrics["num_events"], metrics["steps"], metrics["kind"]) == (40, one.n_iter_, "exact")
    assert metrics["nats"] == pytest.approx(one.score(table(40)), rel=1e-5)
    card = (version.parent / "README.md").read_text()
    assert "# mine" in card
    assert "train.py" not in card  # the rows are in no file


@pytest.mark.slow
def test_pictures_of_an_export_take_their_rows_from_a_file(exported, tmp_path):
    one, version = exported
    table(50).to_csv(tmp_path / "new.csv", index=False)
    subject = trained(str(version.parent), None, [], dataset=str(tmp_path / "new.csv"))
    scores = modes.density(subject).arrays["test_set"]
    np.testing.assert_allclose(np.sort(scores), np.sort(one.score_samples(table(50))), rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match=r"Expected another dataset, --dataset=\.\.\., as this model was trained"):
        modes.density(trained(str(version.parent), None, []))


@pytest.mark.slow
def test_second_export_is_the_next_version(exported):
    one, version = exported
    assert one.export(str(version.parent), table(10)) == version.parent / "2"


@pytest.mark.slow
def test_conditional_estimator_is_exported_with_its_context(tmp_path):
    one = estimator().fit(rows()[:, 1:], context=rows()[:, :1])
    version = one.export(tmp_path / "model", rows(20)[:, 1:], context=rows(20)[:, :1])
    x, context = rows(3)[:, 1:], rows(3)[:, :1]
    found = zoo.load(str(version)).log_prob(x, context=context)
    np.testing.assert_allclose(found, one.score_samples(x, context), rtol=1e-5)
    with pytest.raises(InputError, match=r"Expected a `context`"):
        one.export(tmp_path / "model", rows(20)[:, 1:])


@pytest.mark.slow
def test_scores_of_an_export_are_weighted_and_of_random_rows(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(training_scores, "MOST", 30)
    one, _ = exported
    ordered = table(60).sort_values("length")
    weight = np.arange(60) % 3
    version = one.export(tmp_path / "mine", ordered, sample_weight=weight)
    scores = one.score_samples(ordered)
    metrics = json.loads((version / "metrics.json").read_text())
    assert metrics["nats"] == pytest.approx(np.average(scores, weights=weight), rel=1e-5)
    of_training = np.load(version / "training_scores.npy")
    assert len(of_training) == 30
    places = np.abs(scores[:, None] - of_training).argmin(axis=0)
    assert places.min() < 15
    assert places.max() >= 45
    assert (weight[places] > 0).all()


def test_rows_that_cannot_be_scored_are_refused(tmp_path):
    one = estimator().fit(table(60))
    for wrong in (table(40).assign(color="pink"), table(1)):
        with pytest.raises(InputError, match=r"at least two rows .* a finite log-likelihood\. Received: rows="):
            one.export(tmp_path / "mine", wrong)
    assert not (tmp_path / "mine").exists()
