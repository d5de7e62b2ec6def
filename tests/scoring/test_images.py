"""All images of a folder or of an array are scored, in order, unless the folder has splits."""

import os
import types

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from tests.scoring import running
from tfflows.datasets.options import Options
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.scoring import images, scoring
from tfflows.scoring.named import Named
from tfflows.splits import Split

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 1), np.uint8)
NAMES = ["b/0.png", "a/1.png", "a/0.png", "c.png", "b/a/2.png", "d.png", "b/1.png"]


def folder(path, names=NAMES):
    for name, pixels in zip(names, PIXELS, strict=False):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[..., 0]).save(path / name)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = zoo.create("nice", Event((4, 4, 1), levels=256), couplings=2, width=8, depth=1)
    model.initialize(PIXELS)
    path = tmp_path_factory.mktemp("exported") / "small"
    return running.write(model, path), path


def test_every_image_of_a_folder_is_scored_in_the_order_of_the_paths(exported, tmp_path):
    model, path = exported
    order = np.argsort(NAMES)
    scores = running.scored(tmp_path, path, folder(tmp_path / "images"))
    np.testing.assert_allclose(scores, model.log_prob(PIXELS[order]), rtol=1e-5)


def test_one_image_is_enough_and_splits_are_kept(exported, tmp_path):
    model, path = exported
    scores = running.scored(tmp_path, path, folder(tmp_path / "one", NAMES[:1]))
    np.testing.assert_allclose(scores, model.log_prob(PIXELS[:1]), rtol=1e-5)
    split = folder(tmp_path / "split", ["test/0.png", "train/0.png", "train/1.png", "train/2.png", "test/1.png"])
    np.testing.assert_allclose(running.scored(tmp_path, path, split), model.log_prob(PIXELS[[0, 4]]), rtol=1e-5)
    assert len(running.scored(tmp_path, path, split, split="train")) == 2  # another is cut for validation


def test_every_image_of_a_file_is_scored(exported, tmp_path):
    model, path = exported
    notes = np.array([{"camera": "left"}], object)
    np.savez(tmp_path / "x.npz", x=PIXELS[..., 0], notes=notes)  # which is not read: it needs pickle
    scores = running.scored(tmp_path, path, tmp_path / "x.npz")
    np.testing.assert_allclose(scores, model.log_prob(PIXELS), rtol=1e-5)


def test_gray_images_of_an_array_need_no_axis_of_channels(exported, tmp_path):
    model, path = exported
    np.save(tmp_path / "x.npy", PIXELS[..., 0])
    np.testing.assert_allclose(running.scored(tmp_path, path, tmp_path / "x.npy"), model.log_prob(PIXELS), rtol=1e-5)
    np.save(tmp_path / "x.npy", PIXELS[:, 0])
    with pytest.raises(InputError, match=r"of shape \[rows, 4, 4, 1\]"):
        running.scored(tmp_path, path, tmp_path / "x.npy")


def test_labels_are_those_of_the_model_and_vectors_are_flat(tmp_path):
    event = Event((16,), levels=256, classes=3, labels=("a", "b", "c"))
    options = Options(conditional=True, flatten=True)
    np.savez(tmp_path / "x.npz", x=PIXELS, label=np.array(list("abcabca")))
    folder(tmp_path / "images", ["b/0.png", "a/0.png", "b/1.png"])
    found = list(images.split(str(tmp_path / "x.npz"), event, options).examples.as_numpy_iterator())
    np.testing.assert_array_equal([each["label"] for each in found], [0, 1, 2, 0, 1, 2, 0])
    np.testing.assert_array_equal([each["x"] for each in found], PIXELS.reshape(7, 16))
    found = list(images.split(str(tmp_path / "images"), event, options).examples.as_numpy_iterator())
    np.testing.assert_array_equal([each["label"] for each in found], [0, 1, 1])
    np.testing.assert_array_equal([each["x"] for each in found], PIXELS[[1, 0, 2]].reshape(3, 16))


def test_changed_files_are_another_run(tmp_path):
    images_in, event = folder(tmp_path / "images"), Event((4, 4, 1), levels=256)
    np.savez(tmp_path / "x.npz", x=PIXELS)
    for changed, path in ((images_in / "d.png", images_in), (tmp_path / "x.npz", tmp_path / "x.npz")):
        before = Named.open(str(path), None, event, {}).identity()
        assert Named.open(str(path), None, event, {}).identity() == before
        split = Named.open(str(path), None, event, {}).split
        assert Named.open(str(path), None, event, {}).split is split
        os.utime(changed, ns=(0, 10**18))
        assert Named.open(str(path), None, event, {}).identity() != before
        assert Named.open(str(path), None, event, {}).split is not split


def test_labels_in_a_file_of_their_own_take_precedence(labeled, tmp_path):
    rows = running.digits(20)
    np.savez(tmp_path / "x.npz", x=rows["x"])
    np.save(tmp_path / "label.npy", rows["label"])
    for place, pixels in enumerate(rows["x"]):
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(pixels[..., 0]).save(tmp_path / "images" / f"{place:02d}.png")
    expected = running.served(labeled, **rows)["log_prob"]
    for name in ("x.npz", "images"):
        scores = running.scored(tmp_path, labeled, tmp_path / name, labels=tmp_path / "label.npy")
        np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_other_images_and_labels_are_refused(tmp_path):
    event = Event((4, 4, 1), levels=256, classes=2, labels=("a", "b"))
    np.savez(tmp_path / "x.npz", x=PIXELS, label=np.array(list("abzabza")))
    folder(tmp_path / "images", ["b/0.png", "z/0.png"])
    for name, options, message in (
        ("x.npz", Options(conditional=True), r"classes of the model.*labels=\['z'\]"),
        ("images", Options(conditional=True), r"classes of the model.*z.0\.png"),
    ):
        with pytest.raises(InputError, match=message):
            images.split(str(tmp_path / name), event, options)
    for name in ("x.npz", "images"):
        with pytest.raises(InputError, match=r"events of the model, of shape \(5, 4, 1\)"):
            images.split(str(tmp_path / name), Event((5, 4, 1), levels=256), Options())
    np.savez(tmp_path / "empty.npz", x=PIXELS[:0])
    with pytest.raises(InputError, match=r"Expected a file with images\..*empty\.npz"):
        images.split(str(tmp_path / "empty.npz"), Event((4, 4, 1), levels=256), Options())
    (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:-40])
    with pytest.raises(InputError, match=r"to be a complete file of numeric arrays"):
        images.split(str(tmp_path / "x.npz"), event, Options())


def test_a_split_of_rows_is_refused(exported, tmp_path):
    np.save(tmp_path / "x.npy", PIXELS)
    message = running.refused(exported[1], tmp_path / "x.npy", tmp_path / "scores.npy", split="train")
    assert message.startswith("Expected no `split` for files of rows")


def test_options_of_the_training_that_another_dataset_does_not_take_are_left_out(tmp_path):
    version = types.SimpleNamespace(options=lambda: {"size": 4, "n_bits": 3, "holdout": 0.2})
    event = Event((4, 4, 1), levels=8)
    found = scoring._options(version, event, str(folder(tmp_path / "images")), {})
    assert (found["size"], found["n_bits"], found["holdout"]) == (4, 3, 0.2)
    found = scoring._options(version, event, "cifar10", {})
    assert (found["size"], found["n_bits"]) == (None, 3)
    assert scoring._options(version, event, "cifar10", {"size": 5})["size"] == 5, "and then refused"


def test_each_part_goes_on_where_the_last_one_stopped(tmp_path, monkeypatch):
    np.savez(tmp_path / "x.npz", x=PIXELS)
    named = Named.open(str(tmp_path / "x.npz"), None, Event((4, 4, 1), levels=256), {})
    started, events = [], Split.events

    def counted(split, *arguments):
        started.append(1)
        return events(split, *arguments)

    monkeypatch.setattr(Split, "events", counted)
    pixels = [example["x"] for span in named.spans(3) for chunk in named.chunks(span, 2) for example in chunk]
    np.testing.assert_array_equal(pixels, PIXELS)
    assert len(started) == 1
    last = list(named.spans(3))[-1]
    (chunk,) = named.chunks(last, 10)  # as a run that resumes does
    np.testing.assert_array_equal([example["x"] for example in chunk], PIXELS[last.first :])
    assert len(started) == 2
