"""Real datasets, prepared by TFDS; skipped where they are not on disk."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from tests.prepared import DATA_DIR
from tfflows import datasets
from tfflows.datasets import tfds_images
from tfflows.errors import InputError
from tfflows.events import Event

ADBENCH = Path(__file__).parents[2].parent / "shared/data/adbench"
SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
TRAIN = {"mnist": 60_000, "fashion_mnist": 60_000, "cifar10": 50_000}


def beside_its_file(dataset, monkeypatch):
    """Moves to the folder of a dataset that is a file, or skips the test without it."""
    if dataset.endswith(".npz"):
        if not (ADBENCH / dataset).exists():
            pytest.skip(f"{dataset} is not in {ADBENCH}")
        monkeypatch.chdir(ADBENCH)


@pytest.fixture(params=SHAPES)
def name(request):
    return prepared(request.param)


def prepared(name):
    if not (DATA_DIR / name).is_dir():
        pytest.skip(f"{name} is not prepared in {DATA_DIR}")
    return name


def load(name, **options):
    return datasets.load(name, data_dir=str(DATA_DIR), **options)


def head(split, number=100):
    return np.stack([element["x"].numpy() for element in split.examples.take(number)])


def test_event_and_sizes(name):
    data = load(name)
    assert data.event == datasets.event(name) == Event(SHAPES[name], "uint8", levels=256)
    assert data.name == name
    assert (data.train.size, data.validation.size, data.test.size) == (TRAIN[name] - 5000, 5000, 10_000)
    for split in (data.train, data.validation, data.test):
        assert split.examples.element_spec == {"x": tf.TensorSpec(SHAPES[name], tf.uint8)}
        assert split.examples.cardinality() == split.size
        data.event.check(head(split))


def test_splits_are_the_parts_of_tfds(name):
    """Train and validation are the first and last part of TFDS's train; test is TFDS's test."""
    data = load(name)
    builder = tfds.builder(name, data_dir=DATA_DIR)
    rest = data.train.size
    parts = {"train[:100]": data.train, f"train[{rest}:{rest + 100}]": data.validation, "test[:100]": data.test}
    for part, split in parts.items():
        expected = [example["image"] for example in tfds.as_numpy(builder.as_dataset(split=part))]
        np.testing.assert_array_equal(head(split), expected)


def test_order_is_the_same_in_each_pass(name):
    train = load(name).train
    np.testing.assert_array_equal(head(train), head(train))


@pytest.mark.parametrize("n_bits", [1, 5])
def test_n_bits_keeps_the_top_bits(name, n_bits):
    data = load(name, n_bits=n_bits)
    assert data.event.levels == 2**n_bits
    np.testing.assert_array_equal(head(data.test), head(load(name).test) // 2 ** (8 - n_bits))


def test_labels_come_on_request(name):
    data = load(name, conditional=True)
    assert data.event.classes == 10
    assert data.event == datasets.event(name, conditional=True)
    assert data.train.examples.element_spec["label"] == tf.TensorSpec([], tf.int32)
    builder = tfds.builder(name, data_dir=DATA_DIR)
    expected = [int(example["label"]) for example in tfds.as_numpy(builder.as_dataset(split="test[:50]"))]
    assert [int(element["label"]) for element in data.test.examples.take(50)] == expected


def test_papers_flip_cifar10_and_not_digits_or_clothes(name):
    data = load(name)
    assert (data.train.augment is not None) == (name == "cifar10")
    assert data.validation.augment is None
    assert data.test.augment is None


def test_flips_on_request_keep_the_label_and_follow_the_seed():
    name = prepared("mnist")
    train = load(name, flip=True, conditional=True).train
    element = next(iter(train.examples))
    seeds = [tf.constant([3, index]) for index in range(30)]
    first, again = ([train.augment(element, seed)["x"].numpy() for seed in seeds] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    flipped = [np.array_equal(x, element["x"][:, ::-1]) for x in first]
    assert 5 < sum(flipped) < 25
    assert all(np.array_equal(x, element["x"]) for x, flip in zip(first, flipped, strict=True) if not flip)
    assert train.augment(element, seeds[0])["label"] == element["label"]
    mapped = next(iter(train.examples.map(lambda element: train.augment(element, seeds[0]))))
    np.testing.assert_array_equal(mapped["x"], first[0])


def test_flip_false_turns_the_papers_choice_off():
    assert load(prepared("cifar10"), flip=False).train.augment is None


def test_loading_prepared_data_is_silent(name, caplog, capfd, monkeypatch):
    as_dataset = tfds.core.DatasetBuilder.as_dataset

    def chatty(self, **options):
        logging.warning("TFDS says this once per process")
        return as_dataset(self, **options)

    monkeypatch.setattr(tfds.core.DatasetBuilder, "as_dataset", chatty)
    load(name)
    assert not caplog.records
    assert not capfd.readouterr().err
    logging.warning("as before")
    assert len(caplog.records) == 1


def test_the_variable_counts_also_after_the_import(monkeypatch):
    name = prepared("mnist")
    monkeypatch.setenv("TFDS_DATA_DIR", str(DATA_DIR))
    assert datasets.load(name).test.size == 10_000


def test_split_names_follow_the_rule():
    names = tfds_images.split_names
    assert names({"train": 30, "validation": 5, "test": 5}) == ("train", "validation", "test")
    assert names({"train": 73257, "test": 9, "extra": 9}) == ("train[:-5000]", "train[-5000:]", "test")
    assert names({"train": 1000, "validation": 9}) == ("train[:-100]", "train[-100:]", "validation")
    assert names({"train": 1000}) == ("train[:-200]", "train[-200:-100]", "train[-100:]")
    assert names({"train": 3}) == ("train[:-2]", "train[-2:-1]", "train[-1:]")
    for sizes in ({"train": 2}, {"test": 10}, {}):
        with pytest.raises(InputError, match="split `train`"):
            names(sizes)
