"""The benchmark of anomaly detection: what it fits, how it ranks, and how it goes on."""

import numpy as np
import pytest

from benchmarks import anomaly
from tfflows.errors import InputError


@pytest.fixture
def folder(tmp_path):
    x = np.random.default_rng(0).normal(size=(100, 3))
    y = (np.arange(100) % 10 == 0).astype(int)
    np.savez(tmp_path / "wine.npz", X=x + 6 * y[:, None], y=y)
    return tmp_path


def here(function, *arguments):
    return function(*arguments)


def test_goes_on_where_it_stopped(folder, capsys):
    output = folder / "anomaly.csv"
    methods = ["isolation_forest", "kernel_density"]
    first, *others = anomaly.missing(output, ["wine"], 2, methods)
    anomaly.run(folder, output, [first], here)
    assert anomaly.missing(output, ["wine"], 2, methods) == others
    anomaly.run(folder, output, others, here)
    assert anomaly.missing(output, ["wine"], 2, methods) == []
    rows = anomaly.read(output)
    assert len(rows) == 8
    assert all(float(row["auroc"]) > 0.9 for row in rows if row["setting"] == "one-class")
    assert "| wine | 1.000 |" in anomaly.report(rows, "auroc", "one-class")
    anomaly.run(folder, output, [("glass", "one-class", 0, "kernel_density")], here)
    assert "Skipped glass" in capsys.readouterr().out


def test_one_class_methods_see_normal_rows_alone(monkeypatch):
    monkeypatch.setattr(anomaly, "MOST_ROWS", 50)
    x, y = np.arange(100)[:, None], np.arange(100) >= 90
    assert len(anomaly.training_rows(x, y, "unsupervised", "nsf", 0)) == 100
    assert anomaly.training_rows(x, y, "one-class", "nsf", 0).max() == 89
    some = anomaly.training_rows(x, y, "one-class", "kernel_density", 0)
    assert len(np.unique(some)) == 50
    assert some.max() < 90


def test_impossible_rows_come_first_and_nan_never():
    assert list(anomaly.ranked(np.array([0.5, np.inf, -3.0, np.inf]))) == [1, 2, 0, 2]
    with pytest.raises(InputError, match="NaN"):
        anomaly.ranked(np.array([0.5, np.nan]))


def test_failure_is_a_row(tmp_path):
    np.savez(tmp_path / "x.npz", X=np.full((100, 2), np.inf), y=np.arange(100) % 10 == 0)
    found = anomaly.measure(tmp_path / "x.npz", "one-class", 0, "one_class_svm")
    assert "infinity" in found["failure"]
    assert found["auroc"] == ""
