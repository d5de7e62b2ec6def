"""The modes of the command: a picture, the arrays in it, and options that another mode would take."""

import functools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from PIL import Image

from tests.cases import Case, make
from tests.generate.models import IMAGE, InMemory, images, share_above, trained
from tfflows import datasets, generate, noise
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import __main__ as command
from tfflows.generate import classifier, modes, sheets
from tfflows.generate.modes import MODES
from tfflows.generate.trained import first_examples


def run(tmp_path, mode, *texts, model="nice_digits"):
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


def test_draws_of_the_latents_are_rows_of_the_picture():
    subject = trained("vae")
    x, seeds = subject.examples(4)["x"], noise.sample_seeds(3, 2)
    latents = [subject.model.encode(x, seed=seed) for seed in (None, *tf.unstack(seeds))]
    rows = [x, *(subject.model.decode(z).numpy() for z in latents)]
    expected = sheets.drawn(dict(zip(("data", "decoded", "draw 1", "draw 2"), rows, strict=True)), subject.model.event)
    np.testing.assert_array_equal(modes.reconstruct(subject, n=4, draws=2, seed=3).picture, expected)
    assert np.any(rows[2] != rows[1])
    assert np.any(rows[3] != rows[2])


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
def test_density_in_the_plane_is_drawn(tmp_path):
    assert run(tmp_path, "density", "--limit=300", model="nsf_toy_eight_gaussians")["data"].shape == (300, 2)


def test_histograms_are_of_log_likelihoods_and_their_auroc_is_of_low_ones():
    subject = trained()
    found = modes.density(subject, other="other", limit=10)
    for name, examples in examples_of(subject, 10).items():
        np.testing.assert_allclose(found.arrays[name], subject.model.log_prob(examples), rtol=1e-5)
    report = found.report.splitlines()[-1]
    assert report.startswith("AUROC of low log-likelihoods, other against the test set: ")
    expected = share_above(-found.arrays["other"], -found.arrays["test_set"])
    assert float(report.split()[-1]) == pytest.approx(expected, abs=1e-4) != 0.5


def examples_of(subject, n):
    """The first images of the training set, of the test set, and of the other one, whose images are darker."""
    other = first_examples(subject.like("other"), n)["x"]
    return {"training_set": subject.examples(n, "train")["x"], "test_set": subject.examples(n)["x"], "other": other}


def test_auroc_of_a_score_is_that_of_the_other_dataset_against_the_test_set(tmp_path):
    subject, methods = trained(), ["likelihood", "input_complexity"]
    found = modes.ood(subject, other="other", limit=12, methods=methods)
    detector = generate.Detector(subject.model, examples_of(subject, 12)["training_set"])
    for side, part in (("inside", "test_set"), ("outside", "other")):
        for name, scores in detector(examples_of(subject, 12)[part], methods).items():
            np.testing.assert_allclose(found.arrays[f"{name}_{side}"], scores, rtol=1e-5)
    for name, line in zip(methods, found.report.splitlines(), strict=True):
        expected = share_above(found.arrays[f"{name}_outside"], found.arrays[f"{name}_inside"])
        assert line.startswith(f"{name}: AUROC ")
        assert float(line.split()[-1]) == pytest.approx(expected, abs=1e-4) != 0.5


def test_scores_of_another_dataset_need_its_name(tmp_path):
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


@functools.cache
def of_classes():
    """A trained model of two classes, whose samples differ."""
    return InMemory(make(Case("nice", Event(IMAGE.shape, levels=8, classes=2))), "nice", "small", {"conditional": True})


def test_conditional_models_have_a_row_for_each_class():
    subject = of_classes()
    found = modes.sample(subject, n=3).arrays["samples"]
    for label in (0, 1):
        np.testing.assert_array_equal(found[label], subject.model.sample(3, label, seed=0))
    assert np.any(found[0] != found[1])
    assert modes.interpolate(subject, n=2, steps=3).arrays["images"].shape == (2, 3, *IMAGE.shape)


def test_samples_of_one_class_have_a_row_for_each_temperature():
    subject = of_classes()
    found = modes.sample(subject, n=3, label=1, temperatures=(0.5, 1.0)).arrays["samples"]
    np.testing.assert_array_equal(found[0], subject.model.sample(3, 1, seed=0, temperature=0.5))
    np.testing.assert_array_equal(found[1], modes.sample(subject, n=3).arrays["samples"][1])
    assert np.any(found[1] != modes.sample(subject, n=3).arrays["samples"][0])


def test_images_of_no_class_are_refused_by_a_conditional_model():
    with pytest.raises(InputError, match="without a condition for given images"):
        modes.interpolate(of_classes(), images=images(4))
