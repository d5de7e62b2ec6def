"""The modes of the command: a picture, the arrays in it, and options that another mode would take."""

from pathlib import Path

import numpy as np
import pytest
from absl import flags
from PIL import Image

import zoo
from tests.generate.models import IMAGE, InMemory, images, trained
from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import __main__ as command
from tfflows.generate import classifier, modes
from tfflows.generate.modes import MODES


def run(tmp_path, mode, *texts, model="realnvp_digits"):
    """The arrays that the command writes; the picture is there, too."""
    values = flags.FlagValues()
    command.define_flags(values)
    picture, arrays = tmp_path / "picture.png", tmp_path / "arrays.npz"
    values(["generate", f"--model={model}", f"--output={picture}", f"--arrays={arrays}", *texts])
    command.main(["generate", mode], values)
    with Image.open(picture) as image:
        assert min(image.size) > 40
    return dict(np.load(arrays).items())


def test_samples_have_a_row_for_each_temperature_and_a_seed(tmp_path):
    first, again, other = (
        run(tmp_path, "sample", "--temperatures=0.5,1", "--n=3", f"--seed={seed}")["samples"] for seed in (1, 1, 2)
    )
    assert first.shape == (2, 3, 8, 8, 1)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_ways_between_test_images(tmp_path):
    found = run(tmp_path, "interpolate", "--n=2", "--steps=4", "--path=spherical")["images"]
    test = [element["x"] for element in datasets.load("digits").test.examples.take(4).as_numpy_iterator()]
    np.testing.assert_array_equal(found[:, 0], np.stack(test[0::2]))
    np.testing.assert_array_equal(found[:, -1], np.stack(test[1::2]))
    assert run(tmp_path, "interpolate", "--steps=3", "--path=manifold")["images"].shape == (3, 3, 8, 8, 1)


@pytest.mark.slow
def test_given_images_take_the_place_of_the_test_set(tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 17, (2, 8, 8, 1)).astype(np.uint8)
    np.save(tmp_path / "x.npy", x)
    found = run(tmp_path, "reconstruct", f"--images={tmp_path / 'x.npy'}")
    np.testing.assert_array_equal(found["data"], x)
    np.testing.assert_array_equal(found["decoded"], x)
    assert "largest 0, in raw units" in capsys.readouterr().out
    Image.fromarray(x[1, ..., 0]).save(tmp_path / "x.png")
    found = run(tmp_path, "reconstruct", f"--images={tmp_path / 'x.png'}")
    np.testing.assert_array_equal(found["data"], x[1:])


@pytest.mark.slow
def test_hidden_pixels_by_name_and_by_file(tmp_path):
    found = run(tmp_path, "inpaint", "--hide=top,left", "--steps=3")["images"]
    assert found.shape == (2, 3, 8, 8, 1)  # image, start, result
    np.testing.assert_array_equal(found[0, :, 4:], np.broadcast_to(found[0, 0, 4:], (3, 4, 8, 1)))
    keep = np.zeros((8, 8), np.uint8)
    keep[:, 3:] = 1
    np.save(tmp_path / "keep.npy", keep[None])
    found = run(tmp_path, "inpaint", f"--keep={tmp_path / 'keep.npy'}", "--steps=3")["images"]
    np.testing.assert_array_equal(found[0, 2, :, 3:], found[0, 0, :, 3:])
    assert np.any(found[0, 2, :, :3] != found[0, 0, :, :3])


def test_draws_of_hidden_pixels_follow_the_likeliest():
    found = modes.inpaint(trained("nice"), hide=["right"], steps=2, draws=2)
    assert found.arrays["images"].shape == (1, 5, *IMAGE.shape)
    assert found.report.endswith("the likeliest image, draws.")


@pytest.mark.slow
def test_edits_along_classes(tmp_path):
    found = run(tmp_path, "edit", "--attributes=3,7", "--strengths=-1,0,1", "--limit=400")
    assert found["images"].shape == (2, 3, 8, 8, 1)
    assert found["directions"].shape == (2, 64)
    test = next(datasets.load("digits").test.examples.as_numpy_iterator())["x"]
    np.testing.assert_array_equal(found["images"][:, 1], np.stack([test, test]))


@pytest.mark.slow
def test_edit_moves_images_toward_the_class():
    # Class 1 is the brighter one.
    subject = trained()
    found = modes.edit(subject, attributes=["1"], strengths=(-2.0, 2.0)).arrays["images"][0].astype(float)
    assert found[1].mean() > found[0].mean() + 0.3


@pytest.mark.slow
def test_density_in_the_plane_and_histograms(tmp_path, capsys):
    assert run(tmp_path, "density", "--limit=300", model="nsf_toy_eight_gaussians")["data"].shape == (300, 2)
    found = modes.density(trained(), other="other", limit=10)
    assert {name: len(values) for name, values in found.arrays.items()} == {
        **{"training_set": 10, "test_set": 10, "other": 10}
    }
    assert "AUROC of low log-likelihoods, other against the test set: " in found.report


def test_out_of_distribution_scores(tmp_path):
    found = modes.ood(trained(), other="other", limit=12, methods=["likelihood", "input_complexity"])
    assert {name: len(values) for name, values in found.arrays.items()} == {
        f"{method}_{side}": 12 for method in ("likelihood", "input_complexity") for side in ("inside", "outside")
    }
    assert found.report.count("AUROC") == 2
    with pytest.raises(InputError, match=r"Expected --other= for ood"):
        run(tmp_path, "ood")


@pytest.mark.slow
def test_quality_of_samples_beside_the_training_set(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classifier, "STEPS", 100)
    found = run(tmp_path, "quality", "--limit=200", f"--features={tmp_path / 'digits.keras'}")
    assert found["samples"].shape == (200, 8, 8, 1)
    assert (tmp_path / "digits.keras").exists()
    said = capsys.readouterr().out
    distances = [float(line.rpartition(" ")[2]) for line in said.splitlines() if "Frechet" in line]
    assert len(distances) == 2
    assert distances[1] < distances[0]  # no model is better than the training set
    assert [round(found[f"{name}_quality"][2], 2) for name in ("samples", "training_set")] == distances


@pytest.mark.slow
def test_models_of_vectors_and_tables_are_drawn(tmp_path):
    found = run(tmp_path, "sample", "--n=1", "--temperatures=0.5,1", model="nice_toy_eight_gaussians")["samples"]
    assert found.shape == (2, 250, 2)
    assert run(tmp_path, "reconstruct", "--n=5", model="vae_toy_eight_gaussians")["decoded"].shape == (5, 2)
    with pytest.raises(InputError, match=r"Expected a model of images.*shape=\(2,\)"):
        run(tmp_path, "inpaint", model="nice_toy_eight_gaussians")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("sample", "--steps=3"), r"Expected an option of sample, one of \['n', .*steps=3"),
        (("draw",), r"`mode` to be one of \['sample'.*'draw'"),
        (("sample", "--temperatures=a"), r"--temperatures to be comma-separated numbers.*'a'"),
        (("reconstruct", "--images=nothing.npy"), r"--images to be a \.npy file or a picture.*nothing"),
        (("edit", "--attributes=ten"), r"`attribute` to be one of .*'ten'"),
        (("sample", "--set=train.steps=3"), r"--set=data\.key=value only"),
        (("sample", "--n=0"), r"`n` to be an integer, 1 or more\. Received: n=0"),
        (("edit", "--limit=-5"), r"`limit` to be an integer, 2 or more"),
        (("reconstruct", "--draws=-1"), r"`draws` to be an integer, 0 or more"),
        (("inpaint", "--hide="), r"Expected a value of --hide"),
        (("sample", f"--output={Path(__file__).parent}"), r"--output to be the path of a file that can be written"),
        (("sample", f"--arrays={__file__}/x.npz"), r"--arrays to be the path of a file that can be written"),
    ],
)
def test_wrong_commands_are_named(tmp_path, texts, message):
    with pytest.raises(InputError, match=message):
        run(tmp_path, *texts)


def test_every_option_has_a_flag_and_every_flag_an_option():
    options = {name for mode in MODES.values() for name in list(mode.__annotations__)[1:-1]}
    assert options == set(command.OPTIONS)


def test_conditional_models_have_a_row_for_each_class():
    model = zoo.create("nice", Event(IMAGE.shape, levels=8, classes=2), couplings=2, width=8, depth=1)
    model.initialize(images(20), np.arange(20) % 2)
    subject = InMemory(model, "nice", "small", {"conditional": True})
    assert modes.sample(subject, n=3).arrays["samples"].shape == (2, 3, *IMAGE.shape)
    assert modes.sample(subject, n=3, label=1, temperatures=(0.5, 1.0)).arrays["samples"].shape == (2, 3, *IMAGE.shape)
    assert modes.interpolate(subject, n=2, steps=3).arrays["images"].shape == (2, 3, *IMAGE.shape)
    with pytest.raises(InputError, match="without a condition for given images"):
        modes.interpolate(subject, images=images(4))
