"""The inputs of `fit`, `evaluate` and `predict`: arrays are collected in a dictionary with named entries."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows.errors import check
from tfflows.events import Event

INPUTS = ("x", "label", "sample_weight")


def is_array(x: Any) -> bool:
    """Whether `x` holds all events at once: an array, a tensor, a list or a DataFrame, not a dataset or a generator."""
    return tf.is_tensor(x) or isinstance(x, list | np.ndarray) or hasattr(x, "__array__")


def named(event: Event, x: Any, label: Any = None, sample_weight: Any = None) -> Any:
    """Arrays, checked, as `{"x": ..., "label": ..., "sample_weight": ...}`; datasets and generators unchanged.

    Raises:
        InputError: A value breaks a rule of the event, or the number of labels or weights is not that of events.
    """
    if isinstance(x, dict) and is_array(x.get("x")):
        rule = f"Expected a dictionary with the keys {list(INPUTS)}, or some of them."
        check(set(x) <= set(INPUTS) and label is None, rule, keys=sorted(x))
        return named(event, x["x"], x.get("label"), x.get("sample_weight") if sample_weight is None else sample_weight)
    if not is_array(x):
        rule = "Expected `y` and `sample_weight` to be part of the dataset: elements (x, label, sample_weight)."
        check(label is None and sample_weight is None, rule, y=label, sample_weight=sample_weight)
        return x
    inputs = {"x": event.check(x if tf.is_tensor(x) else np.asarray(x))}
    if event.check_label(label) is not None:
        inputs["label"] = event.check_label(label)
    if sample_weight is not None:
        inputs["sample_weight"] = tf.convert_to_tensor(np.asarray(sample_weight), keras.config.floatx())
    rows = {name: tuple(value.shape[:1]) for name, value in inputs.items()}
    check(len(set(rows.values())) == 1, "Expected as many labels and weights as events.", **rows)
    return {name: np.asarray(value) for name, value in inputs.items()}


def named_step(event: Event, data: Any) -> tuple[dict[str, tf.Tensor], None, tf.Tensor | None]:
    """A batch of a dataset as `(inputs, None, sample_weight)`.

    Raises:
        InputError: The batch has targets, but the model has no classes.
    """
    x, label, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    inputs = dict(x) if isinstance(x, dict) else {"x": x}
    if label is not None:
        rule = "Expected no targets: this model is not class-conditional, and its loss needs none."
        check(event.classes > 0, rule, y_shape=tuple(label.shape))
        inputs["label"] = label
    sample_weight = inputs.pop("sample_weight", sample_weight)
    return inputs, None, sample_weight


def first_batch(event: Event, x: Any, batch_size: int | None) -> dict[str, Any]:
    """The first batch, from which `fit` sets the data-dependent weights.

    Raises:
        InputError: `x` is a generator, whose first batch would be lost.
    """
    if isinstance(x, dict):
        return {name: value[: batch_size or 32] for name, value in x.items() if name != "sample_weight"}
    rule = "Expected a model that is initialized, or arrays or a dataset to initialize it from: call model.initialize."
    is_dataset = isinstance(x, tf.data.Dataset | keras.utils.PyDataset)
    check(is_dataset, rule, x=type(x).__name__)
    data = x[0] if isinstance(x, keras.utils.PyDataset) else next(iter(x))
    inputs, _, _ = named_step(event, data)
    return inputs


def batches(event: Event, x: Any, validation_split: float, steps_per_epoch: int | None) -> tf.data.Dataset:
    """The training set in batches `{"x": ...}`, with `"label"` if there are classes, for `GenerativeModel.adapt`.

    Args:
        event: What one data point is.
        x: The first argument of `fit`; see `named`.
        validation_split: Fraction of the arrays, at their end, that `fit` keeps for validation.
        steps_per_epoch: Number of batches of a dataset that make up the training set; None for all of them.

    Raises:
        InputError: `x` is a generator, so it cannot be read again, or a dataset without an end.
    """
    if isinstance(x, dict):
        rows = int(len(x["x"]) * (1 - validation_split))
        arrays = {name: value[:rows] for name, value in x.items() if name != "sample_weight"}
        return tf.data.Dataset.from_tensor_slices(arrays).batch(1024)
    is_dataset = isinstance(x, tf.data.Dataset)
    is_finite = is_dataset and bool(x.cardinality() != tf.data.INFINITE_CARDINALITY or steps_per_epoch)
    rule = "Expected arrays, a finite dataset or `steps_per_epoch`: a layer needs statistics of the whole training set."
    check(is_finite, rule, x=type(x).__name__)
    taken = x if steps_per_epoch is None else x.take(steps_per_epoch)
    return taken.map(lambda *data: named_step(event, data if len(data) > 1 else data[0])[0])
