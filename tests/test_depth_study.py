"""The pictures of models of several depths."""

import numpy as np
import pytest

from tfflows.errors import InputError
from tools import depth
from zoo.pretrained import exported_folder


def test_panel_shows_score_and_different_samples(monkeypatch):
    monkeypatch.setattr(depth.figures, "grid", lambda samples, event: samples)
    title, samples = depth.panel(exported_folder("realnvp_digits"))
    assert title == "realnvp_digits: 2.025 ± 0.016 bits/dim"
    assert samples.shape == (64, 8, 8, 1)
    assert len(np.unique(samples, axis=0)) == 64


def test_other_models_and_no_models_are_refused():
    with pytest.raises(InputError, match=r"Expected a model of images\. Received: folder=.*maf_toy_eight_gaussians"):
        depth.panel(exported_folder("maf_toy_eight_gaussians"))
    with pytest.raises(SystemExit, match=r"tools\.depth: Expected a model of images"):
        depth.main([str(exported_folder("maf_toy_eight_gaussians"))])
