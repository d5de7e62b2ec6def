"""The Gaussian baseline of the table of results."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from tfflows import datasets
from tfflows.errors import InputError
from tools import gaussian, results


def test_gaussian_has_the_moments_of_the_training_set():
    train = np.random.default_rng(0).normal(size=(500, 3)) @ [[1.0, 0.0, 0.0], [2.0, 0.1, 0.0], [-1.0, 3.0, 2.0]] + 7
    test = np.random.default_rng(1).normal(size=(20, 3)) + 5
    truth = multivariate_normal(train.mean(axis=0), np.cov(train.T, bias=True))
    np.testing.assert_allclose(gaussian.log_probs(train, test), truth.logpdf(test), rtol=1e-9)


def test_row_has_the_score_of_the_test_set():
    row = gaussian.row("toy/eight_gaussians")
    # The eight centers, on a circle of radius 4 / sqrt(2), have the covariance 4 I; each Gaussian has 0.5 ** 2 / 2 I.
    nats = -np.log(2 * np.pi * 4.125) - 1
    assert row["value"] == pytest.approx(nats, abs=4 * row["standard_error"] + 0.01)
    assert 0 < row["standard_error"] < 0.02
    assert (row["parameters"], row["published"], row["kind"]) == (5, "", "exact")


def test_row_is_recorded(monkeypatch):
    recorded = []
    monkeypatch.setattr(results, "record", recorded.append)
    gaussian.main(["toy/two_moons"])
    assert [(row["id"], row["model"]) for row in recorded] == [("gaussian_toy_two_moons", "gaussian")]
    assert set(results.COLUMNS) == set(recorded[0])


def test_pixels_are_scored_in_logit_space():
    data, random = datasets.load("digits"), np.random.default_rng(5)

    def logits(split):
        x = np.stack([one["x"].ravel() for one in split.events().as_numpy_iterator()]).astype(np.float64)
        p = 1e-6 + (1 - 2e-6) * (x + random.uniform(size=x.shape)) / 17
        return np.log(p / (1 - p))

    train, test = logits(data.train), logits(data.test)
    expected = multivariate_normal(train.mean(axis=0), np.cov(train.T, bias=True)).logpdf(test)
    row = gaussian.row("digits")
    assert row["value"] == pytest.approx(expected.mean(), abs=2 * row["standard_error"])
    assert (row["unit"], row["kind"]) == ("nats in logit space", "bound")
    assert row["parameters"] == 64 + 64 * 65 / 2


def test_what_is_no_dataset_of_vectors_or_images_is_refused(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n" + "1.5,red\n2.5,blue\n" * 50)
    with pytest.raises(InputError, match=r"real vectors, or of images, without conditions.*table\.csv"):
        gaussian.row(str(tmp_path / "table.csv"))
    with pytest.raises(SystemExit, match=r"tools\.gaussian: .*table\.csv"):
        gaussian.main([str(tmp_path / "table.csv")])
