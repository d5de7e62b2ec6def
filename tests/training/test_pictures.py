"""The pictures that TensorBoard shows during training, for every kind of model."""

import dataclasses

import keras
import pytest

from tests.cases import CASES, events, make
from tfflows import datasets, splits
from tfflows.training.callbacks import SamplePictures

# One architecture for each kind of model; the flows of tests/training/test_fitting.py have other pictures.
KINDS = ("idf", "iaf_vae", "pixelcnn", "residual", "tarflow", "vae")
CHOSEN = {case.name: case for case in CASES if case.name in KINDS and not case.event.condition_size}
SLOW = pytest.param(CHOSEN.pop("residual"), marks=pytest.mark.slow)  # its inverse iterates


@pytest.mark.parametrize("case", [*CHOSEN.values(), SLOW], ids=str)
def test_every_kind_of_model_shows_its_samples(case, tmp_path):
    x, _ = events(case, 60)
    data = datasets.from_arrays(x * 32, n_bits=3) if case.event.discrete else datasets.from_arrays(x)
    model = make(case)
    model.compile(keras.optimizers.Adam())
    pictures = SamplePictures(model, data, tmp_path, every=2)
    pictures.set_model(model)
    for epoch in range(2):
        pictures.on_epoch_end(epoch)
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["step-000000000.png"]
    assert list((tmp_path / "tensorboard").rglob("events*"))


def test_one_image_is_not_interpolated(tmp_path):
    case = next(case for case in CASES if str(case) == "nice-image")
    x, _ = events(case, 60)
    data = datasets.from_arrays(x * 32, n_bits=3)
    data = dataclasses.replace(data, validation=splits.in_memory(x=x[:1]))
    model = make(case)
    model.compile("adam")
    pictures = SamplePictures(model, data, tmp_path, every=1)
    assert list(pictures._others()) == ["temperatures"]
