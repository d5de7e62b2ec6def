"""What an event is, and which values are refused."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.errors import InputError
from tfflows.events import Event

DIGITS = Event((8, 8, 1), "uint8", 17)


def test_event_knows_its_size_and_kind():
    assert (DIGITS.size, DIGITS.kind, DIGITS.discrete) == (64, "image", True)
    assert (Event((43,)).size, Event((43,)).kind, Event((43,)).discrete) == (43, "vector", False)
    assert Event((4, 4)).kind == "tensor"


def test_event_round_trips_through_json():
    assert Event(**DIGITS.to_dict()) == DIGITS
    assert DIGITS.to_dict() == {"shape": [8, 8, 1], "dtype": "uint8", "levels": 17, "classes": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": ()}, r"`shape` to hold positive sizes\. Received: shape=\(\)"),
        ({"shape": (3, 0)}, r"`shape` to hold positive sizes"),
        ({"shape": (3,), "levels": 1, "dtype": "uint8"}, r"`levels` to be None or in 2\.\.256\. Received: levels=1"),
        ({"shape": (3,), "levels": 300, "dtype": "uint8"}, r"Received: levels=300"),
        ({"shape": (3,), "levels": 8}, r"`dtype` to be 'uint8' with levels=8\. Received: dtype='float32'"),
        ({"shape": (3,), "dtype": "float64"}, r"`dtype` to be 'float32' with levels=None"),
        ({"shape": (3,), "classes": -1}, r"`classes` to be 0 or more"),
    ],
)
def test_event_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Event(**arguments)


@pytest.mark.parametrize("kind", [np.asarray, tf.constant, lambda x: x.astype(np.float32), lambda x: x.tolist()])
def test_pixels_are_taken_as_any_kind_of_integers(kind):
    x = np.random.default_rng(0).integers(0, 17, (3, 8, 8, 1))
    checked = DIGITS.check(kind(x))
    assert checked.dtype == tf.uint8
    np.testing.assert_array_equal(checked, x)
    assert DIGITS.check(x[:0]).shape == (0, 8, 8, 1)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (17, r"0\.\.16\. Received: x\[1, 0, 0, 0\]=17\.$"),
        (-1, r"x\[1, 0, 0, 0\]=-1\.$"),
        (0.5, r"integers in 0\.\.16\. Received: x\[1, 0, 0, 0\]=0\.5\.$"),
    ],
)
def test_pixels_that_are_not_the_events_are_refused(value, message):
    x = np.zeros((2, 8, 8, 1), type(value))
    x[1, 0, 0, 0] = value
    with pytest.raises(InputError, match=message):
        DIGITS.check(x)


def test_words_are_no_pixels():
    with pytest.raises(InputError, match="`x` to hold real numbers"):
        Event((2,)).check(np.array([["a", "b"]]))
