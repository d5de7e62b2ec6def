"""Images as vectors of their pixels, and the models of vectors that take them."""

import math

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import SMALL
from tests.prepared import DATA_DIR
from tfflows import datasets, figures
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Logit
from tools import logit_space
from zoo.registry import ARCHITECTURES

OF_VECTORS = [name for name, row in ARCHITECTURES.items() if "vector" in row.builders]
PIXELS = Event((4,), levels=5)


def arrays(examples, key="x"):
    return np.stack([element[key] for element in examples.as_numpy_iterator()])


def test_pixels_are_in_rows_and_examples_in_order():
    images, flat = (datasets.load("digits", conditional=True, flatten=flatten) for flatten in (False, True))
    assert flat.event == datasets.event("digits", conditional=True, flatten=True)
    assert flat.event == Event((64,), levels=17, classes=10)
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(flat, part), getattr(images, part)
        assert ours.size == theirs.size
        np.testing.assert_array_equal(arrays(ours.examples), arrays(theirs.examples).reshape(-1, 64))
        np.testing.assert_array_equal(arrays(ours.examples, "label"), arrays(theirs.examples, "label"))


def test_images_are_flipped_before_they_are_flattened():
    x = np.random.default_rng(0).integers(0, 256, (40, 3, 4, 1)).astype(np.uint8)
    data = datasets.from_arrays(x, flip=True, flatten=True)
    assert data.event == Event((12,), levels=256)
    images = {image.tobytes() for image in x} | {image[:, ::-1].tobytes() for image in x}
    seen = arrays(data.train.events())
    assert seen.shape[1:] == (12,)
    assert {pixels.tobytes() for pixels in seen} <= images
    assert not {pixels.tobytes() for pixels in seen} <= {image.tobytes() for image in x}


def test_order_of_files_in_a_folder_is_shuffled(tmp_path):
    for number in range(20):
        pixels = tf.constant(number, tf.uint8, [2, 2, 1])
        (tmp_path / f"{number}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    data = datasets.load(str(tmp_path), flatten=True)
    first, second = (arrays(data.train.shuffled(tf.constant(key, tf.int64))) for key in (0, 1))
    assert first.shape == (data.train.size, 4)
    assert sorted(first[:, 0]) == sorted(second[:, 0])
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("name", ["toy/rings", "energy/u1", "miniboone"])
def test_vectors_cannot_be_flattened(name):
    with pytest.raises(InputError, match=r"`flatten` is an option of datasets of images.*flatten=True"):
        datasets.event(name, flatten=True)


def test_flatten_is_a_boolean():
    with pytest.raises(InputError, match=r"Expected a boolean for `flatten`.*flatten=1"):
        datasets.event("digits", flatten=1)


@pytest.mark.parametrize(
    "name", [name if name == "maf" else pytest.param(name, marks=pytest.mark.slow) for name in OF_VECTORS]
)
def test_models_of_vectors_take_pixels(name):
    model = zoo.create(name, PIXELS, **SMALL.get((name, "vector"), {}))
    x = np.random.default_rng(0).integers(0, 5, (64, 4)).astype(np.uint8)
    model.initialize(x)
    scores = model.log_prob(x, seed=0)
    assert np.isfinite(scores).all()
    assert np.mean(scores) < 0
    drawn = model.sample(50, seed=0)
    assert drawn.dtype == tf.uint8
    assert int(tf.reduce_max(drawn)) <= 4


def test_logit_precedes_the_layers_of_pixels_alone():
    first = zoo.create("maf", PIXELS).flow.chain.flow_layers[0]
    assert isinstance(first, Logit)
    assert not isinstance(zoo.create("maf", Event((4,))).chain.flow_layers[0], Logit)


@pytest.mark.parametrize(
    ("event", "shape"),
    [
        (Event((28, 20, 3), levels=256), (28, 20, 3)),
        (Event((784,), levels=256), (28, 28, 1)),
        (Event((3072,), levels=256), (32, 32, 3)),
        (Event((5,), levels=256), None),
        (Event((4,)), None),
    ],
)
def test_shape_of_the_picture(event, shape):
    assert figures.image_shape(event) == shape


def test_flat_pixels_are_drawn_as_images():
    images, flat = (datasets.load("digits", flatten=flatten) for flatten in (False, True))
    x = arrays(images.test.examples.take(9))
    np.testing.assert_array_equal(figures.picture(x.reshape(9, 64), flat), figures.picture(x, images))


def test_presets_of_flat_images_are_their_own():
    assert zoo.configure("realnvp", "mnist", overrides={"data.flatten": True}).model["couplings"] == 5
    assert "couplings" not in zoo.configure("realnvp", "mnist").model
    assert ARCHITECTURES["nice"].published("mnist", Event((784,), levels=256)) == ""


@pytest.mark.skipif(not DATA_DIR.exists(), reason="needs ../shared/data/tfds")
def test_nats_in_logit_space_are_the_bits_of_other_papers(monkeypatch):
    # FFJORD (1810.01367), table 2, converts MADE's and MAF's scores to 2.04 and 1.89 bits/dim.
    monkeypatch.setenv("TFDS_DATA_DIR", str(DATA_DIR))
    data, bit = datasets.load("mnist"), 784 * math.log(2)
    for nats, bits in ((-1380.8, 2.04), (-1300.5, 1.89)):
        score, _ = logit_space.score(np.full(data.test.size, -bits * bit), data)
        assert score == pytest.approx(nats, abs=0.005 * bit)
