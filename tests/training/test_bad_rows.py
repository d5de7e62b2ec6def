"""Rows that training cannot use are named, by their number in the dataset."""

import logging

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows import training
from tfflows.datasets import Data
from tfflows.errors import InputError, TrainingError
from tfflows.events import Event
from tfflows.models import Flow
from tfflows.splits import in_memory

X = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)


def fit(tmp_path, train=X, validation=X[:100], model=None, **settings):
    model = model or zoo.create("planar", Event((2,)), layers=1)
    data = Data("mine", model.event, in_memory(x=train), in_memory(x=validation), in_memory(x=X))
    settings = training.TrainSettings(**{"steps": 8, "batch_size": 100, "validate_every": 4, **settings})
    return training.fit(model, data, settings, seed=0, workdir=tmp_path)


def changed(x, row, value):
    x = x.copy()
    x[row, 1] = value
    return x


@pytest.mark.parametrize("row", [0, 250])
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "XLA"])
def test_a_row_of_the_training_set(tmp_path, row, jit_compile):
    with pytest.raises(InputError, match=rf"Received: x\[{row}, 1\]=nan\. This is in the training set of mine\.$"):
        fit(tmp_path, train=changed(X, row, np.nan), jit_compile=jit_compile)


def test_a_row_of_the_validation_set(tmp_path):
    with pytest.raises(InputError, match=r"Received: x\[70, 1\]=inf\. This is in the validation set of mine\.$"):
        fit(tmp_path, validation=changed(X[:100], 70, np.inf))


class Improbable(Flow):
    """A flow in which points beyond 50 have density 0 until it is trained for `until` steps."""

    until = 0

    def log_density(self, x, *args, **kwargs):
        late = tf.cast(self.optimizer.iterations, tf.int32) >= self.until
        outside = tf.reduce_any(x > 50, axis=-1) & ~late
        return super().log_density(x, *args, **kwargs) - tf.where(outside, np.float32(np.inf), 0.0)


def improbable(until):
    plain = zoo.create("planar", Event((2,)), layers=1)
    model = Improbable(plain.event, plain.flow_layers)
    model.until = until
    return model


def test_a_validation_row_of_density_0_is_named_and_training_goes_on(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        fitted = fit(tmp_path, validation=changed(X[:100], 70, 60.0), model=improbable(until=8))
    assert "finite log-likelihoods of the validation set: log_prob=-inf in row 70 of 100" in caplog.text
    assert fitted.weights.exists()


def test_a_run_without_any_finite_validation_ends_with_one_line(tmp_path):
    with pytest.raises(TrainingError, match=r"^Expected the validation set to have a finite log-likelihood") as raised:
        fit(tmp_path, validation=changed(X[:100], 70, 60.0), model=improbable(until=99))
    assert "\n" not in str(raised.value)
