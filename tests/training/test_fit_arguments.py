"""Each argument of Keras' `fit` and `evaluate` does what Keras says."""

import contextlib
import functools
import inspect
import io

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows.errors import InputError
from tfflows.events import Event

X = np.random.default_rng(0).normal(size=(48, 2)).astype(np.float32)
LABEL = np.arange(48) % 3
OTHER = np.full(48, 2)
NONE = dict.fromkeys(range(3), 0.0)  # weights of classes
WEIGHT = np.tile([0.5, 2.0, 0.0, 1.5], 12)


def small(classes=0, optimizer=None):
    """A flow with fixed weights."""
    keras.utils.set_random_seed(0)
    one = zoo.create("planar", Event((2,), classes=classes), layers=1)
    one.initialize(X, LABEL if classes else None)
    if classes:  # what depends on the label starts at zero
        one.set_weights(
            [weight + 0.1 * np.random.default_rng(0).normal(size=weight.shape) for weight in one.get_weights()]
        )
    one.compile(optimizer or keras.optimizers.SGD(0.1))
    return one


def steps(**arguments) -> int:
    one = small()
    one.fit(arguments.pop("x", X), verbose=0, **arguments)
    return int(one.optimizer.iterations.numpy())


def validated(**arguments) -> list[float]:
    history = small(optimizer=keras.optimizers.SGD(0.0)).fit(X, verbose=0, **arguments).history
    return history["val_loss"]


def weights_after(classes=0, **arguments) -> list[np.ndarray]:
    one = small(classes)
    one.fit(batch_size=48, shuffle=False, verbose=0, **arguments)
    return one.get_weights()


def assert_same_training(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


STREAM = tf.data.Dataset.from_tensor_slices(X).batch(16)
HALF = X[24:]


@functools.cache
def losses() -> np.ndarray:
    return -small().log_prob(X).numpy()


def mean(part: str) -> float:
    found = {"all": losses(), "half": losses()[24:], "end": losses()[16:], "weighted": losses() * WEIGHT}
    return pytest.approx(found[part].mean(), rel=1e-5)


class Batches(keras.callbacks.Callback):
    """Counts the batches of training and of evaluation."""

    def __init__(self):
        super().__init__()
        self.trained = self.tested = 0

    def on_train_batch_end(self, batch, logs=None):
        self.trained += 1

    def on_test_batch_end(self, batch, logs=None):
        self.tested += 1


def batches(method: str, **arguments) -> tuple[int, int]:
    """How many batches of training and of evaluation a callback sees."""
    seen = Batches()
    getattr(small(), method)(X, callbacks=[seen], verbose=0, **arguments)
    return seen.trained, seen.tested


def prints(method: str, **arguments) -> bool:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        getattr(small(), method)(X, **arguments)
    return "loss" in printed.getvalue()


def stays(**arguments) -> bool:
    """Whether training does not change the weights."""
    before, after = small(3).get_weights(), weights_after(3, x=X, **arguments)
    return all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def of_labels(label: np.ndarray) -> float:
    return pytest.approx(-small(3).log_prob(X, label).numpy().mean(), rel=1e-5)


def order_of(shuffle: bool) -> bool:
    """Whether a step of half of the rows, in which the others have no weight, trains as on the first half in order."""
    weight = np.repeat([1.0, 0.0], 24)
    one = small()
    one.fit(X, sample_weight=weight, batch_size=24, steps_per_epoch=1, shuffle=shuffle, verbose=0)
    expected = small()
    expected.fit(X[:24], batch_size=24, verbose=0)
    pairs = zip(one.get_weights(), expected.get_weights(), strict=True)
    return all(np.allclose(mine, theirs, rtol=1e-5, atol=1e-6) for mine, theirs in pairs)


FIT = {
    "x": lambda: steps() == 2,  # batches of 32
    "y": lambda: small(3, keras.optimizers.SGD(0.0)).fit(X, OTHER, verbose=0).history["loss"] == [of_labels(OTHER)],
    "batch_size": lambda: steps(batch_size=16) == 3,
    "epochs": lambda: steps(batch_size=16, epochs=2) == 6,
    "verbose": lambda: prints("fit", verbose=2) and not prints("fit", verbose=0),
    "callbacks": lambda: batches("fit", batch_size=16) == (3, 0),
    "validation_split": lambda: validated(validation_split=0.5) == [mean("half")],
    "validation_data": lambda: validated(validation_data=(HALF,)) == [mean("half")],
    "shuffle": lambda: order_of(False) and not order_of(True),
    "class_weight": lambda: stays(y=LABEL, class_weight=NONE) and not stays(y=LABEL),
    "sample_weight": lambda: stays(y=LABEL, sample_weight=np.zeros(48)),
    "initial_epoch": lambda: steps(batch_size=16, epochs=3, initial_epoch=1) == 6,
    "steps_per_epoch": lambda: steps(x=STREAM.repeat(), steps_per_epoch=5) == 5,
    "validation_steps": lambda: validated(validation_data=STREAM.skip(1).repeat(), validation_steps=2) == [mean("end")],
    "validation_batch_size": lambda: batches("fit", validation_data=X, validation_batch_size=7) == (2, 7),
    "validation_freq": lambda: len(validated(validation_data=X, epochs=4, validation_freq=2)) == 2,
}
EVALUATE = {
    "x": lambda: small().evaluate(X, verbose=0) == mean("all"),
    "y": lambda: small(3).evaluate(X, OTHER, verbose=0) == of_labels(OTHER),
    "batch_size": lambda: batches("evaluate", batch_size=7) == (0, 7),
    "verbose": lambda: prints("evaluate", verbose=2) and not prints("evaluate", verbose=0),
    "sample_weight": lambda: small().evaluate(X, sample_weight=WEIGHT, verbose=0) == mean("weighted"),
    "steps": lambda: small().evaluate(STREAM.repeat(), steps=3, verbose=0) == mean("all"),
    "callbacks": lambda: batches("evaluate") == (0, 2),
    "return_dict": lambda: small().evaluate(X, return_dict=True, verbose=0) == {"loss": mean("all")},
}


@pytest.mark.parametrize("argument", FIT)
def test_fit_does_what_keras_says(argument):
    assert FIT[argument]()


@pytest.mark.parametrize("argument", EVALUATE)
def test_evaluate_does_what_keras_says(argument):
    assert EVALUATE[argument]()


def test_no_argument_of_keras_is_left_out():
    for method, table in {keras.Model.fit: FIT, keras.Model.evaluate: EVALUATE}.items():
        assert set(table) == set(inspect.signature(method).parameters) - {"self", "kwargs"}


def test_weights_of_classes_are_those_of_their_rows():
    weights = np.where(LABEL == 0, 2.0, np.where(LABEL == 1, 0.5, 1.0))
    by_row = weights_after(3, x=X, y=LABEL, sample_weight=weights)
    assert_same_training(weights_after(3, x=X, y=LABEL, class_weight={0: 2.0, 1: 0.5}), by_row)
    both = weights_after(3, x=X, y=LABEL, class_weight={0: 2.0, 1: 0.5}, sample_weight=np.full(48, 3.0))
    assert_same_training(both, weights_after(3, x=X, y=LABEL, sample_weight=3 * weights))
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(by_row, weights_after(3, x=X, y=LABEL), strict=True))


@pytest.mark.parametrize("form", ["array", "dictionary", "dataset"])
def test_a_weight_of_zero_takes_rows_out(form):
    weight = np.repeat([1.0, 0.0], 24)
    given = {
        "array": {"x": X, "sample_weight": weight},
        "dictionary": {"x": {"x": X, "sample_weight": weight}},
        "dataset": {"x": tf.data.Dataset.from_tensor_slices({"x": X, "sample_weight": weight}).batch(48)},
    }[form]
    one, other = small(), small()
    one.fit(**given, batch_size=None if form == "dataset" else 48, shuffle=False, verbose=0)
    changed = np.where(weight[:, None] > 0, X, 5.0).astype(np.float32)
    other.fit(changed, sample_weight=weight, batch_size=48, shuffle=False, verbose=0)
    assert_same_training(one.get_weights(), other.get_weights())
    expected = -(weight * one.log_prob(X).numpy()).mean()
    assert one.evaluate(X, sample_weight=weight, batch_size=48, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_weights_of_classes_need_classes():
    with pytest.raises(InputError, match=r"no `class_weight`: this model has no classes\."):
        small().fit(X, class_weight={0: 2.0}, verbose=0)
    with pytest.raises(InputError, match=r"weights and contexts inside the dataset.*Received: class_weight='dict'"):
        small(3).fit(tf.data.Dataset.from_tensor_slices((X, LABEL)).batch(8), class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize("split", ["x", "validation_data"])
def test_a_bad_row_of_a_dataset_is_one_line(split):
    bad = np.where(np.arange(48)[:, None] == 40, np.nan, X).astype(np.float32)
    stream = tf.data.Dataset.from_tensor_slices(bad).batch(16)
    with pytest.raises(InputError, match=r"^Expected `x` to be finite in float32") as raised:
        small().fit(**{"x": X, split: stream}, verbose=0)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_bad_label_of_a_dataset_is_one_line(label):
    stream = tf.data.Dataset.from_tensor_slices((X, np.where(np.arange(48) == 40, label, LABEL))).batch(16)
    with pytest.raises(InputError, match=r"^Expected each `label` to be an integer in 0\.\.2") as raised:
        small(3).fit(stream, verbose=0)
    assert "\n" not in str(raised.value)


def test_a_custom_loop_needs_no_compile():
    for name, event in {"vae": Event((2,)), "realnvp": Event((2,))}.items():
        one = zoo.create(name, event)
        one.initialize(X)
        assert one(X, training=True).shape == (48,)
