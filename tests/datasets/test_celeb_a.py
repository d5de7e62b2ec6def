"""CelebA from the original archive's files to events, by the builder that real users run."""

import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import celeba_miniature
from tfflows import datasets
from tfflows.datasets import tfds_builders
from tfflows.datasets.attributes import load_attributes
from tfflows.errors import InputError
from tfflows.events import Event


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    celeba_miniature.prepare(folder)
    return str(folder)


def pictures(split):
    return np.stack([element["x"].numpy() for element in split.examples])


def number(picture):
    """The index of the miniature's picture that an event was made from, encoded in its left half."""
    return round((float(picture[:, :31, 0].mean()) - 20) / 4)


def test_celeb_a_is_64x64_and_has_its_own_splits(data_dir):
    data = datasets.load("celeb_a", data_dir=data_dir)
    assert data.event == datasets.event("celeb_a") == Event((64, 64, 3), "uint8", levels=256)
    splits = (data.train, data.validation, data.test)
    found = [sorted(number(picture) for picture in pictures(split)) for split in splits]
    assert found == [list(range(24)), list(range(24, 32)), list(range(32, 40))]
    assert tuple(split.size for split in splits) == celeba_miniature.COUNTS


def test_celeb_a_keeps_the_central_square_and_nothing_of_the_outside(data_dir):
    for picture in pictures(datasets.load("celeb_a", data_dir=data_dir).train):
        left, right = celeba_miniature.colors(number(picture))
        expected = np.where(np.arange(64)[:, None] < 32, left, right)
        # TensorFlow's fast JPEG decoder errs by up to 13 levels at the edge; one row of white would add 60 and more.
        assert np.abs(picture.astype(int) - expected).max() <= 20


def test_celeb_a_is_flipped_in_training_only(data_dir):
    data = datasets.load("celeb_a", data_dir=data_dir)
    assert data.validation.augment is None
    assert data.test.augment is None
    element = next(iter(data.train.examples))
    seen = [data.train.augment(element, tf.constant([0, index]))["x"].numpy() for index in range(20)]
    same = [np.array_equal(picture, element["x"]) for picture in seen]
    mirrored = [np.array_equal(picture, element["x"][:, ::-1]) for picture in seen]
    assert 0 < sum(same) < 20
    np.testing.assert_array_equal(np.logical_not(same), mirrored)


def test_celeb_a_has_no_class_label(data_dir):
    with pytest.raises(InputError, match=r"class label.*conditional=False.*attributes"):
        datasets.load("celeb_a", data_dir=data_dir, conditional=True)


def test_a_preparation_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    originals = celeba_miniature.write_originals(tmp_path)
    originals["landmarks_celeba"].unlink()
    monkeypatch.setattr(tfds_builders, "reachable", lambda url: True)
    why = pytest.raises(InputError, match=r"No such file.*tfds build celeb_a")
    with celeba_miniature.no_download(originals), why as caught:
        datasets.load("celeb_a", data_dir=str(tmp_path / "tfds"))
    assert caught.value.__cause__ is not None
    assert "\n" not in str(caught.value)
    assert not [path for path in (tmp_path / "tfds").rglob("*") if path.is_file()]
    assert not list((tmp_path / "tfds" / "celeb_a").iterdir())


def test_attributes_of_celeb_a(data_dir):
    found = load_attributes("celeb_a", data_dir=data_dir)
    assert len(found.names) == 40
    assert found.size == 24
    elements = list(found.examples.as_numpy_iterator())
    has = np.stack([element["attributes"] for element in elements])
    numbers = np.array([number(element["x"]) for element in elements])
    np.testing.assert_array_equal(has[:, found.names.index("Smiling")], numbers % 2 == 0)
    assert has.sum() == 12
    assert load_attributes("celeb_a", "test", data_dir=data_dir).size == 8


def test_attributes_elsewhere_are_the_classes():
    found = load_attributes("digits")
    data = datasets.load("digits", conditional=True)
    assert found.names == tuple("0123456789")
    pairs = zip(found.examples.take(20).as_numpy_iterator(), data.train.examples.as_numpy_iterator(), strict=False)
    for element, labeled in pairs:
        np.testing.assert_array_equal(element["x"], labeled["x"])
        assert np.flatnonzero(element["attributes"]).tolist() == [labeled["label"]]
    with pytest.raises(InputError, match="`conditional` is an option of"):
        load_attributes("toy/rings")


def test_flat_images_with_attributes(data_dir):
    flat, images = (load_attributes("celeb_a", data_dir=data_dir, flatten=flatten) for flatten in (True, False))
    pairs = zip(flat.examples.take(3).as_numpy_iterator(), images.examples.as_numpy_iterator(), strict=False)
    for vector, image in pairs:
        np.testing.assert_array_equal(vector["x"], image["x"].reshape(-1))
