"""A whole run on a folder of images: training, export, and scores of its test images."""

import numpy as np
import pytest

import zoo
from tests.command_line import train
from tests.datasets.test_folders import CLASSES, write
from tests.scoring import running
from tfflows import datasets


@pytest.mark.slow
def test_folder_of_images(tmp_path):
    write(tmp_path / "pets", CLASSES, height=12, width=16)
    options = {"size": 8, "conditional": True, "n_bits": 5, "holdout": 0.2, "split_seed": 3}
    flags = ["--model=realnvp", f"--dataset={tmp_path}/pets", "--steps=2", "--batch_size=8", "--name=pets"]
    flags += [f"--set=data.{name}={value}" for name, value in options.items()]
    flags += ["--set=model.scales=1", "--set=model.width=4", "--set=model.blocks=1"]
    train(*flags, f"--workdir={tmp_path}/run", f"--export_dir={tmp_path}/exported")
    test = datasets.load(str(tmp_path / "pets"), **options).test
    rows = next(test.examples.batch(100).as_numpy_iterator())
    expected = zoo.load(str(tmp_path / "exported/pets")).log_prob(**rows).numpy()
    scores = running.scored(tmp_path, tmp_path / "exported/pets", tmp_path / "pets", split="test")
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    assert len(scores) == 8
