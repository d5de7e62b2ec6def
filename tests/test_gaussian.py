"""The Gaussian baseline of the table of results."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

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


def test_pixels_are_refused():
    with pytest.raises(InputError, match=r"real vectors without conditions.*digits"):
        gaussian.row("digits")
    with pytest.raises(SystemExit, match=r"tools\.gaussian: Expected the name of a dataset"):
        gaussian.main([])
