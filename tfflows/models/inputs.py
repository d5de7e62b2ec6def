"""The inputs of `fit`, `evaluate` and `predict`: arrays are collected in a dictionary with named entries."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import values
from tfflows.errors import check
from tfflows.events import Event
from tfflows.splits import in_memory

INPUTS = ("x", "label", "context", "sample_weight")
BITS = "bits of "
FIRST_ROWS = 256  # of arrays, from which data-dependent weights are set, or a batch if that is larger


def is_array(x: Any) -> bool:
    """Whether `x` holds all events at once: an array, a tensor, a list or a DataFrame, not a dataset or a generator."""
    return tf.is_tensor(x) or isinstance(x, list | np.ndarray) or hasattr(x, "__array__")


def named(
    event: Event,
    x: Any,
    label: Any = None,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    context: Any = None,
) -> Any:
    """Arrays, checked, in a dictionary with the names INPUTS; datasets and generators unchanged.

    Args:
        event: What one data point is.
        x: Events, a dictionary with these names, or a dataset or generator, whose elements are checked later.
        label: The class of each row, or one for all.
        sample_weight: The weight of each row.
        class_weight: The weight of each class, by which the weights of its rows are multiplied; 1 where it is missing.
        context: The context of each row, or one for all.

    Raises:
        InputError: A value breaks a rule of the event, or the number of labels or weights is not that of events.
    """
    if isinstance(x, dict) and is_array(x.get("x")):
        rule = f"Expected a dictionary with the keys {list(INPUTS)}, or some of them."
        check(set(x) <= set(INPUTS) and label is None and context is None, rule, keys=sorted(x))
        sample_weight = x.get("sample_weight") if sample_weight is None else sample_weight
        return named(event, x["x"], x.get("label"), sample_weight, class_weight, x.get("context"))
    if not is_array(x):
        _check_stream(event, x, y=label, sample_weight=sample_weight, class_weight=class_weight, context=context)
        return x
    inputs = _arrays(event, x, label, context)
    if sample_weight is not None:
        inputs["sample_weight"] = _weights(sample_weight, len(inputs["x"]))
    if class_weight is not None:
        weights = _class_weights(class_weight, inputs.get("label"))
        inputs["sample_weight"] = weights * inputs.get("sample_weight", weights.dtype.type(1))
    return inputs


def _arrays(event: Event, x: Any, label: Any, context: Any) -> dict[str, np.ndarray]:
    with tf.device("CPU"):  # a whole training set may be larger than the memory of an accelerator
        inputs = {"x": np.asarray(event.check(x))}
        rows = len(inputs["x"])
        check(rows > 0, "Expected at least one row.", rows=rows)
        inputs |= {"label": event.check_label(label, rows), "context": event.check_context(context, rows)}
        return {name: np.asarray(value) for name, value in inputs.items() if value is not None}


def packed(inputs: Any) -> Any:
    """Named arrays for Keras, which rounds float64 to float32: float64 arrays are reinterpreted as int64.

    `named_step` makes float64 of them again.
    """
    if not isinstance(inputs, dict):
        return inputs
    bits = {name: value.view(np.int64) for name, value in inputs.items() if value.dtype == np.float64}
    return {f"{BITS}{name}" if name in bits else name: bits.get(name, value) for name, value in inputs.items()}


def _check_stream(event: Event, x: Any, **given: Any) -> None:
    if isinstance(x, dict) and f"{BITS}x" in x:
        return  # from `packed`: Keras' own evaluation, in `fit`
    rule = "Expected `x` to be an array, a dataset or a generator, or a dictionary with an array named 'x'."
    is_stream = hasattr(x, "__iter__") or isinstance(x, keras.utils.PyDataset)
    check(is_stream and not isinstance(x, str | bytes | dict | set | tuple), rule, x=type(x).__name__)
    is_empty = isinstance(x, tf.data.Dataset) and bool(x.cardinality() == 0)
    check(not is_empty, "Expected a dataset with at least one batch.", cardinality=0)
    if isinstance(x, tf.data.Dataset):
        named_step(event, x.element_spec)  # an error of its names is one line here, and a stack in a graph
    rule = f"Expected labels, weights and contexts inside the dataset: (x, label, sample_weight) or a dict of {INPUTS}."
    given = {name: type(value).__name__ for name, value in given.items() if value is not None}
    check(not given, rule, **given)


def _class_weights(class_weight: dict[int, float], label: np.ndarray | None) -> np.ndarray:
    check(label is not None, "Expected no `class_weight`: this model has no classes.", class_weight=class_weight)
    return np.array([class_weight.get(int(each), 1.0) for each in label], keras.config.floatx())


def _weights(sample_weight: Any, rows: int) -> np.ndarray:
    weights = values.numbers("sample_weight", sample_weight)
    check(
        weights.shape == (rows,), f"Expected `sample_weight` of shape [{rows}], one for each row.", shape=weights.shape
    )
    sound = np.isfinite(weights) & (weights >= 0)
    values.check_entries("sample_weight", weights, sound, "Expected each `sample_weight` to be finite, 0 or more.")
    return weights.astype(keras.config.floatx())


def named_step(event: Event, data: Any) -> tuple[dict[str, tf.Tensor], None, tf.Tensor | None]:
    """A batch of a dataset as `(inputs, None, sample_weight)`.

    Raises:
        InputError: The batch has targets, but the model has no classes, or it has other names than INPUTS.
    """
    x, label, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    inputs = dict(x) if isinstance(x, dict) else {"x": x}
    names = {name.removeprefix(BITS) for name in inputs}
    rule = f"Expected a batch to be `x`, or a dictionary with 'x' and, if the model takes them, others of {INPUTS}."
    check("x" in names and names <= set(INPUTS), rule, keys=sorted(names))
    for name in [name for name in inputs if name.startswith(BITS)]:
        inputs[name.removeprefix(BITS)] = tf.bitcast(inputs.pop(name), tf.float64)
    if label is not None:
        rule = "Expected no targets: this model is not class-conditional, and its loss needs none."
        check(event.classes > 0, rule, y_shape=tuple(label.shape))
        inputs["label"] = label
    sample_weight = inputs.pop("sample_weight", sample_weight)
    return inputs, None, sample_weight


def _training_rows(x: dict[str, np.ndarray], validation_split: float) -> int:
    """Number of rows before those that Keras keeps for validation."""
    return max(1, int(len(x["x"]) * (1 - validation_split)))


def first_batch(event: Event, x: Any, batch_size: int | None, validation_split: float) -> dict[str, Any]:
    """The rows from which `fit` sets the data-dependent weights: random ones of arrays, which are often sorted, or the
    first batch of a dataset.

    Args:
        event: What one data point is.
        x: The first argument of `fit`; see `named`.
        batch_size: Number of rows of a batch.
        validation_split: As in `batches`.

    Raises:
        InputError: `x` is a generator, whose first batch would be lost.
    """
    if isinstance(x, dict):
        known = _training_rows(x, validation_split)
        rows = np.random.default_rng(0).choice(known, min(known, max(batch_size or 0, FIRST_ROWS)), replace=False)
        return {name: value[rows] for name, value in x.items() if name != "sample_weight"}
    rule = "Expected a model that is initialized, or arrays or a dataset to initialize it from: call model.initialize."
    is_dataset = isinstance(x, tf.data.Dataset | keras.utils.PyDataset)
    check(is_dataset, rule, x=type(x).__name__)
    data = x[0] if isinstance(x, keras.utils.PyDataset) else next(iter(x))
    inputs, _, _ = named_step(event, data)
    return inputs


def batches(event: Event, x: Any, validation_split: float, steps_per_epoch: int | None) -> tf.data.Dataset:
    """The training set in batches of named entries, without weights, for `GenerativeModel.adapt`.

    Args:
        event: What one data point is.
        x: The first argument of `fit`; see `named`.
        validation_split: Fraction of the arrays, at their end, that `fit` keeps for validation.
        steps_per_epoch: Number of batches of a dataset that make up the training set; None for all of them.

    Raises:
        InputError: `x` is a generator, so it cannot be read again, or a dataset without an end.
    """
    if isinstance(x, dict):
        rows = _training_rows(x, validation_split)
        arrays = {name: value[:rows] for name, value in x.items() if name != "sample_weight"}
        return in_memory(**arrays).examples.batch(1024)
    is_dataset = isinstance(x, tf.data.Dataset)
    is_finite = is_dataset and bool(x.cardinality() != tf.data.INFINITE_CARDINALITY or steps_per_epoch)
    rule = "Expected arrays, a finite dataset or `steps_per_epoch`: a layer needs statistics of the whole training set."
    check(is_finite, rule, x=type(x).__name__)
    taken = x if steps_per_epoch is None else x.take(steps_per_epoch)
    return taken.map(lambda *data: named_step(event, data if len(data) > 1 else data[0])[0])
