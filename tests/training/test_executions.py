"""Several steps in one execution, one batch alone, and batches that replicas cannot share equally."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows.events import Event

X = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
X[60:] += 3  # the last batches score worse, so that a mean without them is another one


def flow(name="realnvp", **settings):
    return zoo.create(name, Event((2,)), **{"couplings": 2, "width": 8, "depth": 1, **settings})


@pytest.mark.parametrize("steps_per_execution", [1, 3, 16])
@pytest.mark.parametrize("run_eagerly", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_batch_counts_when_executions_do_not_divide_the_data(steps_per_execution, run_eagerly):
    one = flow()
    one.initialize(X[:60])
    one.compile("adam", steps_per_execution=steps_per_execution, run_eagerly=run_eagerly)
    assert one.evaluate(X, batch_size=10, verbose=0) == pytest.approx(-one.log_prob(X).numpy().mean(), rel=1e-5)
    history = one.fit(X, batch_size=10, epochs=2, verbose=0, validation_data=X[60:]).history
    assert one.optimizer.iterations.numpy() == 20
    assert history["val_loss"][1] == pytest.approx(-one.log_prob(X[60:]).numpy().mean(), rel=1e-5)


def test_a_single_batch_is_traced_once(monkeypatch):
    one, traces = flow(), []
    one.initialize(X)
    one.compile(keras.optimizers.SGD(0.0))
    density = one.log_prob_fn
    monkeypatch.setattr(one, "log_prob_fn", lambda *args, **kwargs: traces.append(1) or density(*args, **kwargs))
    losses = [(one.train_on_batch(X[:10])[0], one.test_on_batch(X[:10])) for _ in range(3)]
    made = len(traces)
    losses.append((one.train_on_batch(X[:10])[0], one.test_on_batch(X[:10])))
    assert len(traces) == made
    np.testing.assert_allclose(losses, -one.log_prob(X[:10]).numpy().mean(), rtol=1e-5)


@pytest.mark.slow
def test_replicas_with_an_uneven_batch_are_one_device():
    x = X[:33].copy()
    x[32] = 20  # alone in the last batch: the other replica has no row
    by_hand = tf.distribute.ReductionToOneDevice()
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=by_hand).scope():
        one = zoo.create("maf", Event((2,)), flows=2, width=8)  # with batch normalization
        one.compile("adam")
    one.fit(x, batch_size=32, epochs=2, verbose=0)
    assert all(np.isfinite(weight).all() for weight in one.get_weights())
    assert one.evaluate(x, batch_size=32, verbose=0) == pytest.approx(-one.log_prob(x).numpy().mean(), rel=1e-5)
