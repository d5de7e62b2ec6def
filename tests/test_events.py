"""What an event is, and which values are refused."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event

DIGITS = Event((8, 8, 1), "uint8", 17)


def test_event_knows_its_size_and_kind():
    assert (DIGITS.size, DIGITS.kind, DIGITS.discrete) == (64, "image", True)
    assert (Event((43,)).size, Event((43,)).kind, Event((43,)).discrete) == (43, "vector", False)
    assert Event((4, 4)).kind == "tensor"


COLUMNS = (Column("hour", "circular", low=0.0, high=24.0), Column("color", "categorical", categories=("red", "ä")))
TABLE = Event((2,), classes=2, context=1, columns=COLUMNS, context_columns=(Column("a"),), labels=("no", "yes"))


@pytest.mark.parametrize("event", [DIGITS, TABLE, Event((3,), context=2)], ids=["digits", "table", "context"])
def test_event_round_trips_through_json(event):
    read = Event(**json.loads(json.dumps(event.to_dict())))
    assert read == event
    assert hash(read) == hash(event)


def test_json_of_an_event_leaves_out_what_says_nothing():
    assert DIGITS.to_dict() == {"shape": [8, 8, 1], "dtype": "uint8", "levels": 17, "classes": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": ()}, r"`shape` to hold positive sizes\. Received: shape=\(\)"),
        ({"shape": (3, 0)}, r"`shape` to hold positive sizes"),
        ({"shape": 2}, r"`shape` to be a tuple of integers, such as \(2,\)\. Received: shape=2"),
        ({"shape": (2.7,)}, r"`shape` to be a tuple of integers"),
        ({"shape": (3,), "levels": 1, "dtype": "uint8"}, r"`levels` to be None or in 2\.\.256\. Received: levels=1"),
        ({"shape": (3,), "levels": 300, "dtype": "uint8"}, r"Received: levels=300"),
        (
            {"shape": (3,), "levels": 8, "dtype": "float32"},
            r"`dtype` to be 'uint8' with levels=8\. Received: dtype='float32'",
        ),
        ({"shape": (3,), "dtype": "float64"}, r"`dtype` to be 'float32' with levels=None"),
        ({"shape": (3,), "classes": -1}, r"`classes` to be 0 or more"),
        ({"shape": (3,), "context": -1}, r"`context` to be 0 or more\. Received: context=-1"),
        ({"shape": (3,), "classes": 3, "labels": ("a", "b")}, r"a name for each class, or none\..*labels=\('a', 'b'\)"),
        ({"shape": (3,), "labels": ("a",)}, r"a name for each class, or none\..*classes=0"),
        ({"shape": (3,), "columns": COLUMNS}, r"a column for each entry of a vector.*columns=2.*shape=\(3,\)"),
        ({"shape": (2,), "columns": COLUMNS, "context": 1}, r"for each entry of its context.*context_columns=0"),
        ({"shape": (2,), "context": 1, "context_columns": COLUMNS[:1]}, r"for each entry of its context.*columns=0"),
        ({"shape": (2,), "columns": (COLUMNS[0], COLUMNS[0])}, r"columns of different names\..*names=\['hour'\]"),
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


SPECS = [tf.TensorSpec([None, 2]), tf.TensorSpec([None], tf.int32)]


@tf.function(input_signature=SPECS)
def checked_in_a_graph(x, label):
    event = Event((2,), classes=3)
    return event.check(x), event.check_label(label, tf.shape(x)[0])


def test_a_graph_checks_values_and_numbers_of_rows():
    x = np.zeros((4, 2), np.float32)
    checked_in_a_graph(x, [0, 1, 2, 0])
    for label, rule in {(0,): "a `label` for each row", (0, 1, 2, 3): "an integer in 0..2"}.items():
        with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
            checked_in_a_graph(x, label)
    x[2, 1] = np.inf
    with pytest.raises(tf.errors.InvalidArgumentError, match="`x` to be finite in float32"):
        checked_in_a_graph(x, [0, 1, 2, 0])


def test_a_graph_takes_variables_and_refuses_other_kinds_of_numbers():
    event, variable = Event((2,), classes=3), tf.Variable(np.ones((4, 2), np.float32))
    np.testing.assert_array_equal(tf.function(lambda: event.check(variable))(), variable)
    with pytest.raises(InputError, match=r"`x` to hold real numbers\. Received: dtype='complex64'"):
        tf.function(event.check)(tf.zeros([4, 2], tf.complex64))
    with pytest.raises(InputError, match=r"Expected each `label` to be an integer in 0\.\.2\. Received: dtype='bool'"):
        tf.function(event.check_label)(tf.constant([True, False]))
    with pytest.raises(InputError, match=r"`x` of shape \[batch, 2\]\. For a single row, pass `x\[None\]`\."):
        tf.function(event.check)(tf.zeros([2]))
