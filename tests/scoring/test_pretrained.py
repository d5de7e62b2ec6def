"""Models by their id, datasets by their name."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.prepared import DATA_DIR
from tests.scoring import running
from tfflows import datasets
from tfflows.events import Event
from tfflows.scoring import score
from tfflows.scoring.named import Named
from tfflows.scoring.parts import split_into_parts
from tfflows.scoring.served import Version
from tfflows.splits import in_memory
from zoo.pretrained import exported_folder


def test_pretrained_model_scores_its_test_set_as_published(tmp_path):
    result = score(exported_folder("realnvp_digits"), "digits", tmp_path / "scores.csv", version=1)
    metrics = json.loads((running.ROOT / "exported" / "realnvp_digits" / "1" / "metrics.json").read_text())
    assert f"Score     {metrics['nats']:.3f} +- {metrics['nats_se']:.3f} nats" in result.report
    assert "Rows      300 of digits by realnvp_digits, version 1" in result.report


@pytest.mark.slow
def test_split_is_chosen_and_model_is_the_live_one(tmp_path):
    scores = running.scored(tmp_path, exported_folder("nice_digits"), "digits", split="validation")
    split = datasets.load("digits").validation
    x = np.stack([example["x"] for example in split.examples.as_numpy_iterator()])
    expected = zoo.load("nice_digits").log_prob(x).numpy()
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


@pytest.mark.slow
def test_version_is_the_newest_unless_it_is_named(toy, digits, tmp_path):
    shutil.copytree(toy, tmp_path / "model")
    shutil.copytree(digits / "1", tmp_path / "model" / "10")
    assert Version.find(str(tmp_path / "model")).folder == str(tmp_path / "model" / "10")
    assert Version.find(str(tmp_path / "model"), 1).event().shape == (2,)
    assert Version.find(str(tmp_path / "model" / "1")).name == "model, version 1"
    assert Version.find(str(tmp_path / "model" / "1")).identity() != Version.find(str(tmp_path / "model")).identity()


def test_what_was_drawn_at_random_in_training_is_drawn_once(monkeypatch):
    split = in_memory(x=np.arange(12, dtype=np.float32).reshape(6, 2))
    noisy = datasets.Split(split.examples, 6, lambda element, seed: {"x": element["x"] + 100.0 * float_of(seed)})
    data = datasets.Data("noisy", Event((2,)), noisy, split, split)
    monkeypatch.setattr(datasets, "event", lambda name, **options: data.event)
    monkeypatch.setattr(datasets, "load", lambda name, **options: data)
    source = Named.open("noisy", "train", data.event, {})
    parts = split_into_parts([source], 4)
    rows = [source.decode(chunk)["x"] for part in parts for chunk in part.source.chunks(part.span, 3)]
    np.testing.assert_array_equal(np.concatenate(rows)[:, 0], [0, 102, 204, 306, 408, 510])
    assert [len(chunk) for chunk in rows] == [3, 1, 2]


def float_of(seed):
    return tf.cast(seed[1], tf.float32)


@pytest.mark.slow
@pytest.mark.skipif(not (DATA_DIR / "mnist").is_dir(), reason="needs MNIST, prepared by TFDS")
def test_autoencoder_scores_by_its_importance_samples(tmp_path):
    model, options = exported_folder("vae_dynamic_mnist"), {"data_dir": str(DATA_DIR)}
    scores = running.scored(tmp_path, model, "dynamic_mnist", version=1, options=options, batch_size=100)
    metrics = json.loads((running.ROOT / "exported" / "vae_dynamic_mnist" / "1" / "metrics.json").read_text())
    assert scores.mean() == pytest.approx(metrics["nats"], abs=0.05)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vae_toy_eight_gaussians", "bound"),  # of real numbers, without noise
        ("nsf_toy_eight_gaussians", "exact"),
        ("idf_digits", "exact"),
        ("residual_digits", "estimate of a bound"),
        ("planar_energy_u1", "exact"),
    ],
)
def test_report_calls_scores_what_they_are(name, kind):
    assert Version.find(str(exported_folder(name))).score_kind() == kind
