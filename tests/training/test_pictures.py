"""The pictures that TensorBoard shows during training, for every architecture."""

import keras
import pytest

from tests.cases import CASES, events, make
from tfflows import datasets
from tfflows.training.callbacks import SamplePictures

FAST = ("vae", "iaf_vae", "pixelcnn")  # one of each kind of model; tests/training/test_fitting.py has flows
UNCONDITIONAL = [
    pytest.param(case, marks=[] if case.name in FAST else pytest.mark.slow, id=str(case))
    for case in CASES
    if not case.event.condition_size
]


@pytest.mark.parametrize("case", UNCONDITIONAL)
def test_every_architecture_shows_its_samples(case, tmp_path):
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
