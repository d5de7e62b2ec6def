"""The digits of scikit-learn: their event, their fixed splits, and what they do not take."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event


def arrays(split, key="x"):
    return np.stack([element[key].numpy() for element in split.examples])


def test_splits_are_the_original_digits_each_once():
    data = datasets.load("digits", conditional=True)
    splits = (data.train, data.validation, data.test)
    assert [split.size for split in splits] == [1297, 200, 300] == [len(arrays(split)) for split in splits]
    elements = [element for split in splits for element in split.examples.as_numpy_iterator()]
    found = [(*element["x"].ravel(), element["label"]) for element in elements]
    raw = load_digits()
    expected = np.column_stack([raw.data, raw.target])
    assert sorted(found) == sorted(map(tuple, expected))


def test_splits_are_drawn_at_random_and_always_the_same():
    first, second = datasets.load("digits", conditional=True), datasets.load("digits")
    np.testing.assert_array_equal(arrays(first.test), arrays(second.test))
    assert np.any(arrays(first.train)[..., 0] != load_digits().images[:1297])
    # Of 300 digits drawn at random, each class has 30 +- 5.
    assert np.bincount(arrays(first.test, "label"), minlength=10).min() > 10


@pytest.mark.parametrize("conditional", [False, True])
def test_event_is_an_image_of_17_levels_with_a_class_if_conditional(conditional):
    data = datasets.load("digits", conditional=conditional)
    assert data.event == datasets.event("digits", conditional=conditional)
    assert data.event == Event((8, 8, 1), "uint8", levels=17, classes=10 * conditional)
    assert ("label" in data.train.examples.element_spec) == conditional
    data.event.check(arrays(data.train))
    assert arrays(data.train).max() == 16
    assert data.truth is None
    assert data.train.augment is None


@pytest.mark.parametrize("option", [{"n_bits": 4}, {"flip": False}, {"data_dir": "somewhere"}])
def test_options_of_other_datasets_are_refused(option):
    for use in (datasets.load, datasets.event):
        with pytest.raises(InputError, match=f"`{next(iter(option))}` is an option of TFDS image datasets.*'digits'"):
            use("digits", **option)
