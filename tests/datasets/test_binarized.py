"""MNIST in black and white; skipped where MNIST is not on disk."""

import numpy as np
import pytest
import tensorflow as tf

from tests.datasets.test_tfds_images import head, load, prepared
from tests.prepared import DATA_DIR
from tfflows import datasets
from tfflows.datasets import Split
from tfflows.datasets.binarized import draw, drawn_once
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.training.pipeline import one_pass, padded_batches, training_stream


@pytest.fixture
def gray():
    return load(prepared("mnist"))


@pytest.fixture
def binary(gray):
    return load("dynamic_mnist")


def test_event_and_sizes(binary):
    assert binary.event == datasets.event("dynamic_mnist") == Event((28, 28, 1), "uint8", levels=2)
    assert binary.name == "dynamic_mnist"
    assert (binary.train.size, binary.validation.size, binary.test.size) == (55_000, 5000, 10_000)
    for split in (binary.train, binary.validation, binary.test):
        assert split.examples.element_spec == {"x": tf.TensorSpec((28, 28, 1), tf.uint8)}
        assert split.examples.cardinality() == split.size


@pytest.mark.slow
def test_mean_of_many_draws_is_the_intensity():
    intensity = tf.constant(np.arange(256, dtype=np.uint8))
    draws = [draw({"x": intensity}, tf.constant([7, index]))["x"].numpy() for index in range(2000)]
    odds = np.arange(256) / 255
    assert set(np.unique(draws)) == {0, 1}
    np.testing.assert_array_equal(np.mean(draws, axis=0)[[0, 255]], [0, 1])
    # 5 standard errors of each mean, and of the mean of all.
    errors = np.sqrt(odds * (1 - odds) / 2000)
    assert np.all(np.abs(np.mean(draws, axis=0) - odds) <= 5 * errors)
    assert abs(np.mean(draws) - 0.5) < 5 * np.sqrt(np.sum(errors**2)) / 256
    # Pixels are drawn independently: two that are gray agree in half of the draws.
    assert abs(np.mean([row[127] == row[128] for row in draws]) - 0.5) < 0.06


def test_training_draws_anew_in_each_pass_and_repeats_by_its_seed(binary):
    one = Split(binary.train.examples.take(1), 1, binary.train.augment)
    (intensity,) = head(one)

    def passes(seed):
        stream = training_stream(one, batch_size=1, seed=seed).take(6)
        return np.concatenate([batch["x"] for batch in stream.as_numpy_iterator()])

    images = passes(seed=3)
    binary.event.check(images)
    assert all(agrees(image, intensity) for image in images)
    assert len({image.tobytes() for image in images}) == 6
    np.testing.assert_array_equal(images, passes(seed=3))
    assert np.any(images != passes(seed=4))


def agrees(image, intensity):
    """Whether an image may be a draw of these intensities."""
    return np.all(image[intensity == 0] == 0) and np.all(image[intensity == 255] == 1)


def test_validation_and_test_are_drawn_once(binary, gray):
    for drawn, source in ((binary.validation, gray.validation), (binary.test, gray.test)):
        assert drawn.augment is None
        images, intensities = head(drawn), head(source)
        binary.event.check(images)
        assert all(agrees(image, intensity) for image, intensity in zip(images, intensities, strict=True))
        np.testing.assert_array_equal(images, head(drawn))
        assert abs(images.mean() - intensities.mean() / 255) < 0.005
    np.testing.assert_array_equal(head(binary.test), head(load("dynamic_mnist").test))


def test_bits_of_the_test_set_are_the_same_in_every_process(binary):
    # Sums of the bytes of the first three images: if these numbers change, old scores are no longer comparable.
    found = [int(np.packbits(image).sum()) for image in head(binary.test, 3)]
    assert found == [4055, 6622, 3966]


def test_places_are_drawn_by_seeds_of_their_own():
    same = Split(tf.data.Dataset.from_tensors({"x": tf.fill([8, 8], tf.constant(128, tf.uint8))}).repeat(9), 9)
    images = [head(drawn_once(same, number=number)) for number in (1, 2)]
    assert len({image.tobytes() for image in np.concatenate(images)}) == 18


def test_whoever_reads_the_training_split_sees_draws(binary):
    few = Split(binary.train.examples.take(20), 20, binary.train.augment)
    batches = [next(iter(one_pass(few, batch_size=20))), next(iter(padded_batches(few, batch_size=32)))[0]]
    batches.append(next(iter(training_stream(few, batch_size=20, seed=0))))
    assert head(few).max() == 255
    for batch in batches:
        binary.event.check(batch["x"].numpy())
        assert batch["x"].numpy().max() == 1


def test_labels_come_on_request(gray):
    data, labels = load("dynamic_mnist", conditional=True), load("mnist", conditional=True)
    assert data.event == datasets.event("dynamic_mnist", conditional=True)
    assert data.event.classes == 10
    for split, source in ((data.train, labels.train), (data.test, labels.test)):
        found = [int(element["label"]) for element in split.examples.take(20)]
        assert found == [int(element["label"]) for element in source.examples.take(20)]
    element = next(iter(data.train.examples))
    assert data.train.augment(element, tf.constant([0, 0]))["label"] == element["label"]


@pytest.mark.parametrize("option", [{"n_bits": 4}, {"flip": True}, {"flip": False}])
@pytest.mark.parametrize("use", [datasets.load, datasets.event])
def test_options_that_pixels_of_two_levels_do_not_take_are_refused(option, use):
    with pytest.raises(InputError, match=f"`{next(iter(option))}` is an option of TFDS image.*'dynamic_mnist'"):
        use("dynamic_mnist", data_dir=str(DATA_DIR), **option)
