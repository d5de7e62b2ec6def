"""What the model card and the summary of a run say about a score."""

import numpy as np
import pytest

import zoo
from tfflows import datasets, export, splits, training
from tfflows.datasets.licenses import LICENSES
from tfflows.events import Event
from tfflows.export.card import model_card
from zoo.pretrained import rows

DATA = {
    "a lower bound": np.random.default_rng(0).integers(0, 9, (64, 2)),
    "nats per event,": np.random.default_rng(0).normal(size=(64, 2)),
}
KINDS = {"a lower bound": "bound", "nats per event,": "exact"}


@pytest.mark.parametrize("words", DATA)
def test_score_of_integers_is_called_a_bound_and_that_of_real_numbers_is_not(words):
    data = datasets.from_arrays(DATA[words])
    model = zoo.create("realnvp", data.event, couplings=2, width=4)
    model.initialize(np.stack([row["x"] for row in data.train.examples.as_numpy_iterator()]))
    scores = training.evaluate(model, data.test)
    assert scores["kind"] == KINDS[words]
    assert words in export.summary(scores)
    assert ("bound" in export.summary(scores)) == (scores["kind"] == "bound")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        (
            "residual",
            {"scales": 1, "blocks": 1, "width": 4, "dense_blocks": 1},
            "(an unbiased estimate of a lower bound)",
        ),
        ("idf", {"scales": 1, "couplings": 1, "width": 4, "depth": 1}, ""),
    ],
)
def test_score_of_images_is_called_what_it_is(name, settings, words):
    event = Event((4, 4, 1), "uint8", 9)
    model = zoo.create(name, event, **settings)
    x = np.random.default_rng(0).integers(0, 9, (64, 4, 4, 1)).astype(np.uint8)
    model.initialize(x)
    scores = training.evaluate(model, splits.in_memory(x=x))
    assert scores["kind"] == {"residual": "estimate of a bound", "idf": "exact"}[name]
    summary = export.summary(scores)
    assert words in summary
    assert "bits/dim" in summary
    assert ("bound" in summary) == (name == "residual")


def test_likelihood_of_an_autoencoder_and_of_pixels_is_never_exact():
    vector, image = Event((3,)), Event((8, 8, 1), "uint8", 17)
    assert zoo.create("vae", vector).score_kind == "bound"
    assert zoo.create("planar", vector).score_kind == "exact"
    assert zoo.create("realnvp", image, scales=1, width=4).score_kind == "bound"


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ("fashion_mnist", "MIT License"),
        ("toy/rings", "none needed"),
        ("table.csv", "not stated here"),
        ("energy/use.csv", "not"),
    ],
)
def test_card_states_the_license_of_the_data(dataset, words):
    config = {"architecture": "maf", "dataset": dataset, "event": Event((3,)).to_dict()}
    metrics = {"nats": -1.0, "nats_se": 0.1, "kind": "exact", "num_events": 10, "parameters": 5}
    card = model_card("name", config, metrics)
    assert f"License of the data: {words}" in card
    # A name alone would be that of a pretrained model, which may be another one.
    assert 'zoo.load("path/to/name")' in card
    assert "--model=path/to/name " in card


def test_datasets_with_licenses_have_names():
    known = {name.partition("/")[0] for name in datasets.names()}
    known |= {row["dataset"] for row in rows() if row["dataset"].endswith(".npz")}
    assert set(LICENSES) <= known
