"""The client refuses invalid inputs before it sends a request: the error names the input."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.serving.expected import digits
from tfflows.errors import InputError
from tfflows.serving import Client

X = digits(3)
LABEL = [1, 2, 3]


@pytest.fixture(scope="module")
def client(alone):
    with Client(alone.address, "classes") as client:
        yield client


@pytest.fixture(scope="module")
def toy(alone):
    with Client(alone.address, "toy") as client:
        yield client


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint32, np.float32, np.float64])
def test_pixels_of_any_type_are_sent_as_they_are(client, dtype):
    np.testing.assert_array_equal(client.encode(X.astype(dtype), LABEL), client.encode(X, LABEL))


def test_lists_tensors_and_booleans_are_numbers(client):
    np.testing.assert_array_equal(client.encode(X.tolist(), LABEL), client.encode(tf.constant(X), tf.constant(LABEL)))
    np.testing.assert_array_equal(client.encode(X > 8, LABEL), client.encode((X > 8).astype(np.uint8), LABEL))


WRONG_PIXELS = {
    "fraction": (X + 0.5, "Expected `x` to hold integers in 0..255. Received: x[0, 0, 0, 0]=0.5."),
    "too large": (X.astype(int) + 256, "Expected `x` to hold integers in 0..255. Received: x[0, 0, 0, 0]=256."),
    "negative": (X.astype(int) - 1, "Expected `x` to hold integers in 0..255. Received: x[0, 0, 0, 0]=-1."),
    "nan": (np.full([3, 8, 8, 1], np.nan), "Expected `x` to hold integers in 0..255."),
    "text": ([["a"]], "Expected `x` to hold real numbers. Received: dtype='<U1'."),
    "complex": (X + 1j, "Expected `x` to hold real numbers. Received: dtype='complex128'."),
    "objects": ([None], "Expected `x` to hold real numbers. Received: dtype='object'."),
    "ragged": ([[1, 2], [3]], "Expected `x` to be an array. Received: rows of different shapes."),
    "rank": (X[..., 0], "Expected `x` of shape [batch, 8, 8, 1]. Received: shape=(3, 8, 8)."),
    "one event": (X[0], "Expected `x` of shape [batch, 8, 8, 1]. Received: shape=(8, 8, 1)."),
    "size": (X[:, :7], "Expected `x` of shape [batch, 8, 8, 1]. Received: shape=(3, 7, 8, 1)."),
    "rows": (X[:2], "Expected inputs of equally many rows. Received: x=2, label=3."),
}


@pytest.mark.parametrize(("x", "message"), WRONG_PIXELS.values(), ids=WRONG_PIXELS)
def test_wrong_pixels_are_refused(client, monkeypatch, x, message):
    monkeypatch.setattr(client._transport, "predict", None)
    with pytest.raises(InputError) as raised:
        client.log_prob(x, LABEL)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_numbers_that_are_not_finite_are_refused(toy, value):
    with pytest.raises(InputError, match=r"`x` to be finite in float32: .* Received: x\[0, 1\]="):
        toy.log_prob([[0.0, value]])
    with pytest.raises(InputError, match="`z` to be finite"):
        toy.decode([[0.0, value]])


def test_names_of_columns_are_refused_as_the_server_does_not_know_them(toy, client):
    with pytest.raises(InputError, match=r"Expected `x` as an array, .* Received: columns=\['b', 'a'\]"):
        toy.log_prob(pd.DataFrame({"b": [1.0], "a": [2.0]}))
    with pytest.raises(InputError, match=r"Expected `label` as an array, .* Received: columns=\['digit'\]"):
        client.sample(2, pd.DataFrame({"digit": [1, 2]}))
    frame = pd.DataFrame([[0.5, 1.0]])
    np.testing.assert_array_equal(toy.log_prob(frame), toy.log_prob(frame.to_numpy()))


def test_labels_belong_to_models_of_classes(client, toy):
    with pytest.raises(InputError, match="Expected a `label` for each row"):
        client.log_prob(X)
    with pytest.raises(InputError, match="Expected no `label`"):
        toy.sample(3, 1)
    with pytest.raises(InputError, match=r"`label` to hold integers in -2147483648\.\.2147483647"):
        client.log_prob(X, [0.5, 1, 2])
    with pytest.raises(InputError, match=r"`label` of shape \[batch\]\. Received: shape=\(\)"):
        client.log_prob(X, 1)
    with pytest.raises(InputError, match=r"one `label`, or 4\. Received: shape=\(3,\)"):
        client.sample(4, LABEL)


@pytest.mark.parametrize("temperature", [-0.1, np.inf, np.nan])
def test_temperature_is_refused(toy, temperature):
    with pytest.raises(InputError, match="`temperature` to be 0 or more and finite"):
        toy.sample(1, temperature=temperature)


def test_arguments_of_sample_are_refused(toy):
    with pytest.raises(InputError, match="`n` to be an integer, 0 or more"):
        toy.sample(-1)
    with pytest.raises(InputError, match="`seed` to be an integer"):
        toy.sample(1, seed=0.5)


# What is said of labels for rows, and, where it differs, for samples.
WRONG_LABELS = {
    "fraction": ([1, 2, 0.7], r"`label` to hold integers in -.*\. Received: label\[2\]=0\.7", None),
    "booleans": ([True, False, True], r"`label` to hold integers\. Received: dtype='bool'", None),
    "column": ([[1], [2], [3]], r"`label` of shape \[batch\]\. .*\(3, 1\)", r"one `label`, or 3\. .*\(3, 1\)"),
    "one-hot": (np.eye(10)[:3], r"`label` of shape \[batch\]\. .*\(3, 10\)", r"one `label`, or 3\. .*\(3, 10\)"),
    "words": (["1", "2", "3"], r"`label` to hold real numbers\. Received: dtype='<U1'", None),
    "nan": ([1, 2, np.nan], r"`label` to hold integers in -.*\. Received: label\[2\]=nan", None),
    "one in a list": ([1], r"inputs of equally many rows\. Received: [xz]=3, label=1", r"one `label`, or 3\. .*\(1,\)"),
    "masked": (np.ma.masked_array([1, 2, 3], mask=[0, 0, 1]), r"`label` without a mask: .*'MaskedArray'", None),
}


@pytest.mark.parametrize(("label", "of_rows", "of_samples"), WRONG_LABELS.values(), ids=WRONG_LABELS)
@pytest.mark.parametrize("method", ["log_prob", "encode", "decode", "sample"])
def test_labels_that_are_no_classes_are_refused(client, monkeypatch, method, label, of_rows, of_samples):
    monkeypatch.setattr(client._transport, "predict", None)
    given = {"log_prob": X, "encode": X, "decode": np.zeros((3, 64), np.float32), "sample": 3}[method]
    message = of_samples if of_samples and method == "sample" else of_rows
    with pytest.raises(InputError, match=rf"^Expected {message}") as raised:
        getattr(client, method)(given, label)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("n", [2.0, (2, 2), None, "2", -1, True, [2]])
def test_number_of_samples_is_a_count(toy, n):
    with pytest.raises(InputError, match="Expected `n` to be an integer, 0 or more"):
        toy.sample(n)


def test_a_temperature_for_each_sample(toy):
    x = toy.sample(3, seed=1, temperature=[0.5, 1.0, 2.0])
    np.testing.assert_array_equal(x[1], toy.sample(3, seed=1)[1])
    np.testing.assert_array_equal(x[0], toy.sample(3, seed=1, temperature=0.5)[0])
    with pytest.raises(InputError, match=r"Expected one `temperature`, or one for each sample\."):
        toy.sample(3, temperature=[0.5, 1.0])
