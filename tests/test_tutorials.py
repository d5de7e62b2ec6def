"""The tutorials run, and print what their pages say."""

import numpy as np
import pytest
from PIL import Image

from examples import compose_a_flow, images_end_to_end, serve_a_model
from zoo.registry import ARCHITECTURES


@pytest.mark.slow
def test_images_from_data_to_a_served_model(tmp_path, capsys, monkeypatch):
    small = {"model": {"scales": 1, "width": 8, "blocks": 1, "l2": 0.0}}
    monkeypatch.setitem(ARCHITECTURES["realnvp"].presets, "digits", small)
    scores = images_end_to_end.main(3, tmp_path)
    assert "The saved model is the same: True" in capsys.readouterr().out
    assert scores["bits_per_dim"] < 4
    assert scores["bits_per_dim_16_draws"] < scores["bits_per_dim"]
    for name in ("samples", "ways", "decoded", "inpainted"):
        with Image.open(tmp_path / f"{name}.png") as image:
            assert np.std(np.asarray(image)) > 0
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()


@pytest.mark.slow
def test_served_model_tells_shuffled_images_from_others(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["serve_a_model.py"])
    serve_a_model.main()
    lines = capsys.readouterr().out.splitlines()
    assert "Below the 1% quantile of the test images: 100% of them" in lines
    assert [len(line) for line in lines[-8:]] == [8] * 8
    assert len(set("".join(lines[-8:]))) > 4


@pytest.mark.slow
def test_a_composed_flow_is_trained_saved_and_exported(tmp_path, capsys):
    compose_a_flow.main(1, tmp_path)
    assert "Loaded, with equal log-likelihoods: True" in capsys.readouterr().out
    assert (tmp_path / "exported" / "saved_model.pb").exists()
