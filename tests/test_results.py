"""The table of results: a row for each run, from what the run has written."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf

from tests import measured
from tests.datasets.test_tfds_images import beside_its_file
from tests.measured import read
from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event
from tools import archives, logit_space, results
from zoo.pretrained import exported_folder, rows
from zoo.registry import ARCHITECTURES

RUN = {"id": "a", "preset": "", "seed": 0, "steps": 40, "commit": "c", "seconds": 20.0, "dataset": "digits"}
BIT = 64 * math.log(2)  # nats of an image of 8x8 pixels, for a bit in each dimension


@pytest.fixture(autouse=True)
def without_hashes(monkeypatch):
    """No archives are packed to be hashed, which no row of the results has."""
    monkeypatch.setattr(archives, "sha256", lambda folder: "")


@pytest.fixture
def docs(tmp_path):
    return measured.empty(tmp_path, "results.md", "results", results=results.COLUMNS, curves=results.POINT)


@pytest.fixture(params=[None, 30], ids=["once in a pass", "every 30 steps"])
def every(request):
    return request.param


@pytest.fixture
def workdir(tmp_path, every):
    """The log and the configuration of a training of 40 steps in two rounds."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps({"data": {}, "train": {"validate_every": every}}))
    for split, scores in (("train", (4.0, 2.0)), ("validation", (3.0, 2.5))):
        with tf.summary.create_file_writer(str(tmp_path / "run" / "tensorboard" / split)).as_default():
            for number, score in enumerate(scores):
                tf.summary.scalar("epoch_loss", BIT * score, step=number)
    return tmp_path / "run"


@pytest.mark.parametrize("name", [row["id"] for row in rows()])
def test_pretrained_models_are_in_the_table(name, monkeypatch):
    beside_its_file(next(row["dataset"] for row in rows() if row["id"] == name), monkeypatch)
    expected = {column: str(value) for column, value in results.row(exported_folder(name)).items()}
    assert expected in read(results.DOCS / "results.csv")


def test_page_has_the_table():
    page = (results.DOCS / "results.md").read_text()
    assert results.markdown(read(results.DOCS / "results.csv")) in page


def test_scores_are_in_the_unit_of_papers():
    found = {name: results.row(exported_folder(name)) for name in ("realnvp_digits", "vae_dynamic_mnist")}
    assert {name: row["unit"] for name, row in found.items()} == {
        "realnvp_digits": "bits/dim",
        "vae_dynamic_mnist": "nats",
    }
    assert found["vae_dynamic_mnist"]["value"] == pytest.approx(-88, abs=3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pixelcnn_digits", "exact"),
        ("realnvp_digits", "bound"),
        ("residual_digits", "estimate of a bound"),
        ("maf_toy_eight_gaussians", "exact"),
        ("vae_toy_eight_gaussians", "bound"),
        ("planar_energy_u1", "bound"),
    ],
)
def test_kind_of_score(name, kind):
    assert results.row(exported_folder(name))["kind"] == kind


def test_changed_settings_are_those_that_differ_from_the_preset():
    config = json.loads((exported_folder("realnvp_digits") / "config.json").read_text())
    assert results.changed(config) == ""
    config["model"]["width"], config["train"]["steps"], config["train"]["ema"] = 7, 11, 0.5
    assert results.changed(config) == "model.width=7 train.ema=0.5"


def test_recording_again_replaces_a_run_and_keeps_others(docs):
    export = exported_folder("realnvp_digits")
    for _ in range(2):
        results.record(results.row(export), docs=docs)
    (first,) = read(docs / "results.csv")
    other = {**first, "commit": "0000000", "value": "9.0"}
    results.add([other], docs / "results.csv", results.COLUMNS)
    results.record(results.row(export), docs=docs)
    assert [row["commit"] for row in read(docs / "results.csv")] == ["0000000", first["commit"]]
    page = (docs / "results.md").read_text()
    # The best first.
    assert page.index(f"{float(first['value']):.3f}") < page.index("9.000")
    assert page.endswith("<!-- /results -->\nEnd\n")


def test_more_draws_are_another_row_of_the_same_run(docs):
    export = exported_folder("vae_toy_eight_gaussians")
    results.record(results.row(export), docs=docs)
    first = results.row(export)
    results.record(results.with_draws(export, 2), docs=docs)
    assert sorted(int(row["draws"]) for row in read(docs / "results.csv")) == sorted({2, first["draws"]})
    values = {int(row["draws"]): float(row["value"]) for row in read(docs / "results.csv")}
    assert values[max(values)] > values[min(values)]
    assert "bound, 2 draws" in (docs / "results.md").read_text()
    with pytest.raises(InputError, match=r"a bound, which importance samples tighten.*'exact'"):
        results.with_draws(exported_folder("maf_toy_eight_gaussians"), 20)


def test_more_draws_of_flat_images_are_scored_in_logit_space(monkeypatch):
    run = {"unit": logit_space.UNIT, "kind": "bound", "dataset": "digits", "value": -1200.0}
    monkeypatch.setattr(results, "row", lambda export: run)
    monkeypatch.setattr(results.training, "nats_of", lambda *_, num_importance_samples, **__: num_importance_samples)
    monkeypatch.setattr(logit_space, "score", lambda nats, data: (nats - 300.0, data.test.size))
    found = results.with_draws(exported_folder("nice_digits"), 8)
    assert found == {**run, "value": -292.0, "standard_error": 300, "draws": 8}


def test_error_in_logit_space_is_that_of_the_differences():
    """A likelihood that follows the log-determinants of the images exactly leaves no error."""
    data = datasets.load("digits", flatten=True)
    zero, error = logit_space.score(np.zeros(data.test.size), data)
    random, log_dets = np.random.default_rng(0), []
    for image in data.test.events().as_numpy_iterator():
        x = tf.constant(image["x"] + random.uniform(size=64))
        log_dets.append(float(logit_space.logit(data.event).inverse_log_det_jacobian(x, event_ndims=1)))
    assert zero == pytest.approx(-np.mean(log_dets))
    assert error == pytest.approx(np.std(log_dets) / len(log_dets) ** 0.5)
    score, error = logit_space.score(np.array(log_dets) - 7, data)
    assert score == pytest.approx(-7)
    assert error == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "dataset", "event", "paper"),
    [
        ("realnvp", "cifar10", Event((32, 32, 3), levels=256), "1605.08803"),
        ("realnvp", "mnist", Event((784,), levels=256), "1705.07057"),
        ("made", "bsds300", Event((63,)), "1705.07057"),
        ("vae", "binarized_mnist", Event((28, 28, 1), levels=2), "1810.01367"),
        ("flow_vae", "binarized_mnist", Event((28, 28, 1), levels=2), "1803.05649"),
    ],
)
def test_source_is_the_paper_that_published_the_score(name, dataset, event, paper):
    assert ARCHITECTURES[name].published(dataset, event)
    assert ARCHITECTURES[name].source(dataset, event) == paper


def test_nats_are_sorted_from_the_highest():
    row = next(row for row in read(results.DOCS / "results.csv") if row["id"] == "vae_dynamic_mnist")
    table = results.markdown([{**row, "value": "-90"}, {**row, "value": "-80"}])
    assert table.index("-80.000") < table.index("-90.000")


def test_curve_has_a_point_for_each_validation(workdir, every):
    points = results.curve(workdir, {**RUN, "unit": "bits/dim"})
    assert [(point["step"], point["seconds"]) for point in points] == [(30, 15) if every else (20, 10), (40, 20)]
    assert [(point["training"], point["validation"]) for point in points] == [(4.0, 3.0), (2.0, 2.5)]
    in_nats = results.curve(workdir, {**RUN, "unit": "nats"})
    assert [point["validation"] for point in in_nats] == pytest.approx([-3 * BIT, -2.5 * BIT], abs=1e-3)


def test_curves_are_recorded_with_their_run(docs, workdir, every):
    results.record(results.row(exported_folder("realnvp_digits")), workdir, docs)
    points = read(docs / "curves.csv")
    assert [point["step"] for point in points] == (["30", "60"] if every else ["1500", "3000"])
    assert {tuple(point[name] for name in results.RUN) for point in points} == {
        tuple(row[name] for name in results.RUN) for row in read(docs / "results.csv")
    }


def test_run_without_a_curve_is_not_recorded_at_all(docs, tmp_path):
    before = [path.read_text() for path in sorted(docs.iterdir())]
    with pytest.raises(InputError, match="Expected the workdir of a training"):
        results.record(results.row(exported_folder("realnvp_digits")), tmp_path / "nothing", docs)
    assert [path.read_text() for path in sorted(docs.iterdir()) if path.is_file()] == before


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"Expected the workdir of a training"):
        results.curve(tmp_path, {**RUN, "unit": "nats"})
    with pytest.raises(SystemExit, match=r"tools\.results: Expected the folder of an export, with config\.json"):
        results.main([str(tmp_path)])
