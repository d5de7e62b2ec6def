"""The example of compression: digits come back bit by bit, at the rate that the model says."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import Case, make
from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event

example = pytest.importorskip(
    "examples.compression", reason="constriction is not installed: pip install constriction", exc_type=ImportError
)


def digits(n):
    return next(datasets.load("digits").test.examples.batch(n).as_numpy_iterator())["x"]


def assert_rate_is_that_of(model, x):
    code = example.compress(model, x)
    back = example.decompress(model, code, len(x))
    assert back.dtype == x.dtype
    np.testing.assert_array_equal(back, x)
    said = -float(tf.reduce_sum(model.log_prob(x))) / np.log(2)
    assert 8 * len(code) == pytest.approx(said, rel=0.01)
    return code


def test_trained_model_compresses_digits_at_its_own_rate():
    model, x = zoo.load("idf_digits"), digits(200)
    code = assert_rate_is_that_of(model, x)
    assert len(code) < 0.5 * x.size, "less than half a byte for each pixel"


def test_any_model_compresses_at_its_own_rate_what_it_does_not_expect():
    case = Case("idf", Event((4, 4, 1), "uint8", 8))
    assert_rate_is_that_of(make(case), np.random.default_rng(0).integers(0, 8, (300, 4, 4, 1)).astype(np.uint8))


def test_coder_with_other_distributions_is_seen_to_fail(monkeypatch):
    model = make(Case("idf", Event((4, 4, 1), "uint8", 8)))
    right = example.probabilities
    monkeypatch.setattr(example, "probabilities", lambda *given: right(*given) ** 0.5)
    with pytest.raises(AssertionError):
        assert_rate_is_that_of(model, np.random.default_rng(0).integers(0, 8, (300, 4, 4, 1)).astype(np.uint8))


def test_a_model_that_computes_other_numbers_when_it_reads_is_refused(monkeypatch):
    model, right = make(Case("idf", Event((4, 4, 1), "uint8", 8))), example.decompress
    monkeypatch.setattr(example, "decompress", lambda *given: right(*given) // 2)
    with pytest.raises(InputError, match=r"computes the same numbers each time\. Received: model='idf'"):
        example.compress(model, np.full((2, 4, 4, 1), 7, np.uint8))


def test_command_prints_what_was_saved(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["compression.py", "--images=100"])
    example.main()
    printed = capsys.readouterr().out
    assert "100 images of 64 pixels" in printed
    found, said = (float(word) for word in printed.replace(";", " ").split() if word.count(".") == 1)
    assert found == pytest.approx(said, rel=0.02)
