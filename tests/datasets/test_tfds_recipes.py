"""LSUN and the small ImageNets in miniature: pictures of other sizes go in, events come out."""

import io
import tarfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from tfflows import datasets
from tfflows.datasets.recipes import RECIPES

SIDES = ((192, 288), (300, 200), (256, 256))


def picture(height, width):
    """An image whose colors encode the position of a pixel: red increases downward, green to the right."""
    red, green = np.meshgrid(np.linspace(0, 250, height), np.linspace(0, 250, width), indexing="ij")
    return np.stack([red, green, np.zeros_like(red)], -1).round().astype(np.uint8)


@pytest.fixture
def lsun(tmp_path, monkeypatch):
    """TFDS's LSUN, except for reading its archive, which needs a library that is rarely installed."""

    def examples(sides):
        return ((index, {"id": str(index), "image": picture(*side)}) for index, side in enumerate(sides))

    sources = {"train": SIDES * 4, "validation": SIDES}
    builder = tfds.builder("lsun/tower", data_dir=tmp_path)
    made = {split: examples(sides) for split, sides in sources.items()}
    monkeypatch.setattr(type(builder), "_split_generators", lambda self, manager: made)
    builder.download_and_prepare()
    return datasets.load("lsun/tower", data_dir=str(tmp_path))


def test_lsun_training_pictures_are_cut_at_random(lsun):
    assert lsun.event.shape == (64, 64, 3)
    assert (lsun.train.size, lsun.validation.size, lsun.test.size) == (11, 1, 3)
    shapes = {tuple(element["x"].shape) for element in lsun.train.examples}
    assert shapes == {(96, 144, 3), (144, 96, 3), (96, 96, 3)}
    element = next(iter(lsun.train.examples))
    cuts = [lsun.train.augment(element, tf.constant([1, index]))["x"] for index in range(30)]
    again = [lsun.train.augment(element, tf.constant([1, index]))["x"] for index in range(30)]
    np.testing.assert_array_equal(cuts, again)
    assert np.shape(cuts) == (30, 64, 64, 3)
    assert len({cut.numpy().tobytes() for cut in cuts}) > 25
    rightwards = [bool(cut[0, -1, 1] > cut[0, 0, 1]) for cut in cuts]
    assert 5 < sum(rightwards) < 25


def test_lsun_augment_batches_in_a_pipeline(lsun):
    seeded = lsun.train.examples.map(lambda element: lsun.train.augment(element, tf.constant([0, 0])))
    (batch,) = seeded.batch(lsun.train.size)
    lsun.event.check(batch["x"])


def test_lsun_evaluates_the_centre(lsun):
    pictures = [element["x"].numpy() for element in lsun.test.examples]
    assert len(pictures) == 3
    for found in pictures:
        assert found.shape == (64, 64, 3)
        # The center of the picture, where the color is half of 250, is the center of the event.
        np.testing.assert_allclose(found[31:33, 31:33, :2].mean((0, 1)), 125, atol=1.5)


def write_tar(path, number, side):
    with tarfile.open(path, "w") as archive:
        for index in range(number):
            png = io.BytesIO()
            Image.fromarray(np.full((side, side, 3), index, np.uint8)).save(png, "png")
            entry = tarfile.TarInfo(f"{index:05d}.png")
            entry.size = png.tell()
            png.seek(0)
            archive.addfile(entry, png)
    return path


@pytest.mark.parametrize("side", [32, 64])
def test_small_imagenet_reports_its_validation_split(side, tmp_path, monkeypatch):
    train, valid = write_tar(tmp_path / "train.tar", 30, side), write_tar(tmp_path / "valid.tar", 5, side)
    monkeypatch.setattr(tfds.download.DownloadManager, "download", lambda self, urls: [train, valid])
    tfds.builder(f"downsampled_imagenet/{side}x{side}", data_dir=tmp_path).download_and_prepare(
        download_config=tfds.download.DownloadConfig(num_shards=5)
    )
    data = datasets.load(f"downsampled_imagenet/{side}x{side}", data_dir=str(tmp_path))
    assert data.event.shape == (side, side, 3)
    assert data.train.augment is None
    splits = (data.train, data.validation, data.test)
    train, validation, test = ([int(element["x"][0, 0, 0]) for element in split.examples] for split in splits)
    assert sorted(train + validation) == list(range(30))
    assert len(validation) == data.validation.size == 3
    assert sorted(test) == list(range(5))
    for _ in range(3):
        assert [int(element["x"][0, 0, 0]) for element in data.train.examples] == train


def test_papers_flip_cifar10_celeb_a_and_lsun():
    flipped = {name for name, recipe in RECIPES.items() if recipe.flip}
    assert flipped == {"cifar10", "celeb_a", "lsun/bedroom", "lsun/tower", "lsun/church_outdoor"}
