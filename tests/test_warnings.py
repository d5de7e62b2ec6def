"""What `train.py` warns of before it trains."""

from pathlib import Path

import pytest

import train
import zoo
from tfflows import datasets

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("folder", "warned"),
    [("exported/planar_energy_u1", True), ("exported/new", False), ("runs/planar_energy_u1", False)],
)
def test_run_that_adds_a_version_to_a_pretrained_model_says_so(folder, warned):
    data = datasets.load("energy/u1")
    lines = train.warnings(zoo.create("planar", data.event, layers=1, inverted=True), data, ROOT / folder)
    assert any("--name=NAME" in line for line in lines) == warned
