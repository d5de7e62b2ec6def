"""The weight of a row of a table counts in the loss, in the score, and nowhere else: 3 is the same as three copies."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.datasets import tabling
from tfflows import datasets, training
from tfflows.errors import InputError
from tfflows.splits import in_memory
from tfflows.training.evaluation import mean_and_error
from tfflows.training.pipeline import training_stream

WEIGHTS = np.random.RandomState(0).randint(0, 4, 64)
EVENT = datasets.from_arrays(tabling.numbers()).event


def rows(number=64):
    return np.stack(list(tabling.numbers(number, seed=1).values()), 1)


def model():
    keras.utils.set_random_seed(0)
    one = zoo.create("maf", EVENT, flows=1, width=8, batch_norm=False)
    one.initialize(rows())
    return one


def test_score_is_that_of_repeated_rows():
    one, x = model(), rows()
    weighted = in_memory(x=x, sample_weight=(WEIGHTS / WEIGHTS.mean()).astype(np.float32))
    found, expected, plain = (
        training.evaluate(one, split)["nats"]
        for split in (weighted, in_memory(x=np.repeat(x, WEIGHTS, axis=0)), in_memory(x=x))
    )
    assert found == pytest.approx(expected, abs=1e-4)
    assert found != pytest.approx(plain, abs=1e-3)


def test_rows_of_no_weight_have_no_score():
    with pytest.raises(InputError, match=r"weight greater than 0 among the rows that are scored. Received: rows=64"):
        training.evaluate(model(), in_memory(x=rows(), sample_weight=np.zeros(64, np.float32)))


def test_row_of_no_weight_does_not_count_even_if_it_is_impossible():
    assert mean_and_error(np.array([-np.inf, 1.0, 3.0]), np.array([0.0, 1.0, 1.0])) == pytest.approx((2.0, 1.0))


def stepped(batch):
    """The weights of a model after one step of gradient descent on a batch."""
    one = model()
    one.compile(keras.optimizers.SGD(0.1))
    one.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    return np.concatenate([variable.numpy().ravel() for variable in one.trainable_variables])


@pytest.mark.slow
def test_gradient_is_that_of_repeated_rows():
    x, sample_weight = rows(), (WEIGHTS / WEIGHTS.mean()).astype(np.float32)
    continuous = datasets.from_arrays(tabling.numbers(), continuous="x2").event
    assert not continuous.has_noise  # noise is drawn for the place of a row in its batch, too
    found, expected, plain = (
        stepped(batch)
        for batch in ({"x": x, "sample_weight": sample_weight}, {"x": np.repeat(x, WEIGHTS, axis=0)}, {"x": x})
    )
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.abs(found - plain).max() > 1e-3


def test_weights_of_a_table_reach_training():
    columns = {**tabling.numbers(), "w": np.random.RandomState(2).randint(1, 5, 300)}
    data = datasets.from_arrays(columns, weight="w")
    batch = next(training_stream(data.train, batch_size=64, seed=0).as_numpy_iterator())
    place = {value: row for row, value in enumerate(columns["x0"])}
    ratio = batch["sample_weight"] / columns["w"][[place[value] for value in batch["x"][:, 0]]]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    one = model()
    mean = one.log_prob(tabling.rows(data.test)["x"]).numpy()
    weight = tabling.rows(data.test)["sample_weight"]
    expected = np.sum(mean * weight) / np.sum(weight)
    assert training.evaluate(one, data.test)["nats"] == pytest.approx(expected, abs=0.05)
