"""The table of the quality of samples: rows by dataset and model, the page in step with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests import measured
from tests.measured import read
from tools import quality

RUN = {"dataset": "d", "recall": "0.5", "frechet_distance": "2.0", "events": "9", "seed": "0", "commit": "c"}


@pytest.fixture
def docs(tmp_path):
    return measured.empty(tmp_path, "generate.md", "quality", quality=quality.COLUMNS)


def test_rows_of_one_dataset_share_its_training_set(docs):
    reference = {**RUN, "of": quality.TRAINING_SET, "precision": "0.9"}
    quality.record([{**RUN, "of": "first", "precision": "0.1"}, reference], docs)
    quality.record([{**RUN, "of": "second", "precision": "0.3"}, {**reference, "precision": "0.8"}], docs)
    quality.record([{**RUN, "of": "first", "precision": "0.2"}, reference], docs)
    rows = [(row["of"], row["precision"]) for row in read(docs / "quality.csv")]
    assert rows == [("first", "0.2"), ("second", "0.3"), (quality.TRAINING_SET, "0.9")]
    page = (docs / "generate.md").read_text()
    assert "| `d` | `first` | 0.200 | 0.500 | 2.00 |\n" in page
    assert "| `d` | training set | 0.900 | 0.500 | 2.00 |\n" in page
    assert page.endswith("<!-- /quality -->\nEnd\n")


def test_page_has_the_table():
    assert quality.markdown(read(quality.DOCS / "quality.csv")) in (quality.DOCS / "generate.md").read_text()


def test_training_set_is_better_than_any_model():
    rows = read(quality.DOCS / "quality.csv")
    assert rows
    best = {row["dataset"]: float(row["frechet_distance"]) for row in rows if row["of"] == quality.TRAINING_SET}
    for row in rows:
        assert row["of"] == quality.TRAINING_SET or float(row["frechet_distance"]) > best[row["dataset"]]


def test_model_is_measured(monkeypatch):
    arrays = {"samples_quality": np.array([0.5, 0.25, 7.0]), "training_set_quality": np.array([0.9, 0.8, 1.0])}
    monkeypatch.setattr(quality, "quality", lambda model, limit, seed: SimpleNamespace(arrays=arrays))
    rows = quality.measured("realnvp_digits")
    assert [tuple(row[name] for name in ("dataset", "of", *quality.NUMBERS)) for row in rows] == [
        ("digits", "realnvp_digits", "0.5000", "0.2500", "7.0000"),
        ("digits", "training set", "0.9000", "0.8000", "1.0000"),
    ]


def test_unknown_model_is_refused():
    with pytest.raises(SystemExit, match=r"tools\.quality: Expected `name` to be one of .*Received: name='nope'"):
        quality.main(["nope"])
