"""A whole run on a folder of images: training, export, and scores of its test images."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.datasets.test_folders import CLASSES, write
from tests.scoring import running
from tfflows import datasets

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_folder_of_images(tmp_path):
    write(tmp_path / "pets", CLASSES, height=12, width=16)
    options = {"size": 8, "conditional": True, "n_bits": 5, "holdout": 0.2, "split_seed": 3}
    words = [sys.executable, str(ROOT / "train.py"), "--model=realnvp", f"--dataset={tmp_path}/pets", "--steps=2"]
    words += [f"--set=data.{name}={value}" for name, value in options.items()]
    words += ["--batch_size=8", "--set=model.scales=1", "--set=model.width=4", "--set=model.blocks=1", "--name=pets"]
    words += [f"--workdir={tmp_path}/run", f"--export_dir={tmp_path}/exported"]
    found = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert found.returncode == 0, found.stderr[-3000:]
    test = datasets.load(str(tmp_path / "pets"), **options).test
    rows = next(test.examples.batch(100).as_numpy_iterator())
    expected = zoo.load(str(tmp_path / "exported/pets")).log_prob(**rows).numpy()
    scores = running.scored(tmp_path, tmp_path / "exported/pets", tmp_path / "pets", split="test")
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    assert len(scores) == 8
