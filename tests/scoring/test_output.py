"""The table of scores, and the report at the end."""

import csv
import math
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.scoring import running
from tfflows import export, guards, metrics
from tfflows.bijectors import BoundedAffine
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling
from tfflows.models import Flow
from tfflows.networks import MLP
from tfflows.scoring import score
from tfflows.scoring.output import columns
from tfflows.scoring.served import Served, Version
from tfflows.scoring.summary import Summary
from tfflows.training.evaluation import mean_and_error

ROWS = 60
SHARE = 0.25


@pytest.fixture(scope="module")
def fitted(digits, tmp_path_factory):
    """A copy of the small model of the digits, with scores of other rows as those of its training set."""
    folder = tmp_path_factory.mktemp("fitted") / "digits"
    shutil.copytree(digits, folder)
    scores = running.served(folder, x=running.digits(300)["x"][ROWS:])["log_prob"]
    np.save(folder / "1" / export.TRAINING_SCORES, np.sort(scores))
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The path of a file of rows, some of which are outliers."""
    path = tmp_path_factory.mktemp("rows") / "x.npy"
    x = running.digits(ROWS)["x"].copy()
    x[::6] = 16 - x[::6]
    np.save(path, x)
    return path


def table(path):
    """The columns of an output, whatever its format."""
    if path.suffix == ".npy":
        array = np.load(path)
        return {name: array[name] for name in array.dtype.names}
    if path.suffix == ".parquet":
        return {name: np.asarray(column) for name, column in pq.read_table(path).to_pydict().items()}
    with path.open(newline="") as file:
        return {name: np.array(values) for name, *values in zip(*csv.reader(file), strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".npy", ".parquet", ".csv"])
def test_each_format_holds_the_same_columns(ending, fitted, rows, tmp_path):
    output = tmp_path / f"scores{ending}"
    score(fitted, rows, output, flag_below_quantile=SHARE, batch_size=64, part_rows=25)
    read = table(output)
    assert list(read) == ["log_prob", "bits_per_dim", "outlier"]
    expected = running.served(fitted, x=np.load(rows))
    threshold = metrics.lower_quantile(np.load(fitted / "1" / export.TRAINING_SCORES), SHARE)
    outlier = expected["log_prob"] < threshold
    assert 10 <= outlier.sum() < ROWS
    if ending == ".csv":
        outlier = np.where(outlier, "true", "false")
    np.testing.assert_array_equal(read["outlier"], outlier)
    for name in ("log_prob", "bits_per_dim"):
        np.testing.assert_allclose(read[name].astype(np.float32), expected[name], rtol=1e-5)
    assert ending == ".csv" or read["outlier"].dtype == bool


def test_scores_in_one_batch_are_those_of_the_model(digits, rows, tmp_path):
    score(digits, rows, tmp_path / "scores.npy", batch_size=ROWS)
    expected, scores = running.served(digits, x=np.load(rows)), np.load(tmp_path / "scores.npy")
    assert scores.dtype == [("log_prob", "<f4"), ("bits_per_dim", "<f4")]
    np.testing.assert_array_equal(scores["log_prob"], expected["log_prob"])
    np.testing.assert_allclose(scores["bits_per_dim"], expected["bits_per_dim"], rtol=1e-6)


def test_report_has_rows_mean_outliers_and_path(fitted, rows, tmp_path):
    output = tmp_path / "scores.npy"
    result = score(fitted, rows, output, flag_below_quantile=SHARE, part_rows=7, batch_size=7)
    scores = np.load(output)
    mean, error = mean_and_error(scores["log_prob"].astype(np.float64))
    event = Event((8, 8, 1), "uint8", 17)
    bits, bits_error = metrics.bits_per_dim(mean, event), metrics.bits_per_dim(-error, event)
    number = scores["outlier"].sum()
    threshold = metrics.lower_quantile(np.load(fitted / "1" / export.TRAINING_SCORES), SHARE)
    of_training = f"below {threshold:.3f} nats, the {SHARE} quantile of the training set"
    assert (result.rows, result.outliers, result.path) == (ROWS, number, str(output))
    assert (result.mean, result.error) == pytest.approx((mean, error), rel=1e-9)
    assert result.report.splitlines() == [
        f"Rows      {ROWS} of {rows} by digits, version 1",
        f"Score     {mean:.3f} +- {error:.3f} nats (a lower bound), {bits:.4f} +- {bits_error:.4f} bits/dim",
        f"Outliers  {number} ({number / ROWS:.2%}) {of_training}",
        f"Output    {output}",
    ]


def test_real_numbers_have_no_bits(toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(3))
    result = score(toy / "1", tmp_path / "x.npy", tmp_path / "scores.csv")
    assert "bits/dim" not in result.report
    assert result.outliers is None
    assert (tmp_path / "scores.csv").read_text().startswith('"log_prob"\n')


def test_score_that_is_not_finite_is_an_outlier_and_counted(toy, tmp_path):
    shutil.copytree(toy, tmp_path / "model")
    np.save(tmp_path / "model" / "1" / export.TRAINING_SCORES, np.linspace(-5, -2, 100, dtype=np.float32))
    x = running.points(20)
    x[7] = 1e38
    np.save(tmp_path / "x.npy", x)
    result = score(tmp_path / "model", tmp_path / "x.npy", tmp_path / "scores.npy", flag_below_quantile=0.01)
    scores = np.load(tmp_path / "scores.npy")
    assert not np.isfinite(scores["log_prob"][7])
    assert scores["outlier"][7]
    served = running.served(toy, x=np.delete(x, 7, axis=0))["log_prob"]
    np.testing.assert_allclose(np.delete(scores["log_prob"], 7), served, rtol=1e-6)
    mean, error = mean_and_error(np.delete(scores["log_prob"], 7).astype(np.float64))
    assert f"{mean:.3f} +- {error:.3f} nats, without 1 rows whose score is not finite" in result.report


def test_one_row_without_a_score_is_found_in_a_few_calls(toy, monkeypatch):
    served, calls = Served(Version.find(str(toy)), 64), []

    def scores(inputs):
        calls.append(inputs["x"])
        if np.any(inputs["x"] == 37):
            raise tf.errors.InvalidArgumentError(None, None, guards.TOO_FAR)
        return inputs["x"].numpy()

    monkeypatch.setattr(served, "_scores", scores)
    expected = np.arange(64, dtype=np.float32)
    found = served(x=tf.constant(expected))
    assert len(calls) == 1 + 2 * 6  # twice for each halving
    np.testing.assert_array_equal(found, np.where(expected == 37, np.nan, expected))


def test_error_of_the_graph_is_passed_on(toy):
    x = tf.constant([[0.0, 1.0], [np.nan, 0.0]])
    with pytest.raises(InputError, match=r"The SavedModel says: assertion failed: \[Expected each entry of `x`"):
        Served(Version.find(str(toy)), 4)(x=x)


def test_batch_is_no_larger_than_the_graph_takes(toy, tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", running.points(7))
    expected = running.served(toy, x=running.points(7))["log_prob"]
    np.testing.assert_allclose(running.scored(tmp_path, toy, tmp_path / "x.npy", batch_size=65537), expected, rtol=1e-6)
    monkeypatch.setattr(guards, "most_rows", lambda event, latent_shape: 3)
    sizes, served = [], Served(Version.find(str(toy)), 100)
    monkeypatch.setattr(served, "_scores", lambda inputs: sizes.append(len(inputs["x"])) or np.zeros(len(inputs["x"])))
    assert len(served(x=tf.constant(running.points(7)))) == 7
    assert sizes == [3, 3, 1]


def test_outliers_are_below_the_threshold_or_not_finite():
    scores = np.array([-3, -2, -1, -np.inf, np.nan], np.float32)
    assert columns(scores, Event((2,)), -2.0)["outlier"].tolist() == [True, False, False, True, True]


@pytest.mark.parametrize("ending", [".npy", ".parquet", ".csv"])
@pytest.mark.parametrize("empty", ["x.npy", "x.csv", "x.tfrecord"])
def test_an_empty_input_gives_an_empty_table(ending, empty, toy, tmp_path):
    np.save(tmp_path / "x.npy", running.points(0))
    (tmp_path / "x.csv").write_bytes(b"")
    (tmp_path / "x.tfrecord").write_bytes(b"")
    output = tmp_path / f"scores{ending}"
    result = score(toy, tmp_path / empty, output)
    assert "Rows      0 of" in result.report
    assert "Score     none" in result.report
    assert math.isnan(result.mean)
    (column,) = table(output).values()
    assert len(column) == 0


def test_summary_in_parts_is_that_of_the_whole():
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32) - 1e4
    summary = Summary()
    for part in np.split(values, [1, 17, 17, 600]):
        summary.add({"log_prob": part, "outlier": part < -1e4})
    mean, error = mean_and_error(values.astype(np.float64))
    assert (summary.mean, summary.error) == pytest.approx((mean, error), rel=1e-9)
    assert (summary.rows, summary.outliers) == (1000, np.sum(values < -1e4))


def test_export_of_a_model_of_ones_own_scores_files(tmp_path):
    x = running.points(ROWS)
    layers = [ActNorm(), Coupling("halves", conditioner=MLP(width=4, depth=1), transformer=BoundedAffine())]
    flow = Flow(Event((2,)), layers)
    flow.initialize(x)
    flow.export(tmp_path / "mine" / "1")
    np.save(tmp_path / "x.npy", x)
    result = score(tmp_path / "mine", tmp_path / "x.npy", tmp_path / "scores.npy")
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy")["log_prob"], flow.log_prob(x), rtol=1e-5)
    assert "bound" not in result.report
    with pytest.raises(InputError, match=r"training_scores\.npy beside the SavedModel"):
        score(tmp_path / "mine", tmp_path / "x.npy", tmp_path / "flagged.npy", flag_below_quantile=0.1)
