"""Every argument of the public API, in every form: the answer of the plain call, or an error of one line."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas
import pytest
import tensorflow as tf

from tests.cases import EVENTS, Case, events, make
from tfflows.errors import InputError

ROWS = 4
CASES = {
    "vector": Case("nice", EVENTS["vector"]),
    "image": Case("nice", EVENTS["image"]),
    "classes": Case("planar", dataclasses.replace(EVENTS["vector"], classes=3)),
    "latent": Case("vae", EVENTS["vector"]),
}
LATENTS = {"vector": 2, "image": 16, "classes": 2, "latent": 2}


@functools.cache
def model(kind: str):
    made = make(CASES[kind])
    made.compile("adam")
    return made


def plain(kind: str, method: str) -> dict[str, Any]:
    """A valid call of a method, with its arguments by name."""
    x, label = events(CASES[kind], ROWS)  # no case has a context
    x = x if kind == "image" else np.round(4 * x)  # integers, so that every type holds them
    z = np.round(4 * np.random.default_rng(0).normal(size=(ROWS, LATENTS[kind]))).astype(np.float32)
    seed = {"seed": 5} if kind == "image" else {}
    calls = {
        "log_prob": {"x": x, **label, **seed, "num_importance_samples": 2 if kind in {"image", "latent"} else 1},
        "sample": {"n": ROWS, **label, "seed": 5, "temperature": 0.5},
        "encode": {"x": x, **label},
        "decode": {"z": z, **label},
        "initialize": {"x": x, **label, **seed},
        "evaluate": {"x": x, **({"y": label["label"]} if label else {}), "sample_weight": np.ones(ROWS)},
        "predict": {"x": {"x": x, **label} if label else x},
        "fit": {"x": x, **({"y": label["label"]} if label else {}), "sample_weight": np.ones(ROWS)},
    }
    return calls[method]


def answer(kind: str, method: str, arguments: dict[str, Any]) -> np.ndarray:
    verbose = {"verbose": 0} if method in {"evaluate", "predict", "fit"} else {}
    return np.asarray(getattr(model(kind), method)(**arguments, **verbose))


@functools.cache
def expected_answer(kind: str, method: str) -> np.ndarray:
    return answer(kind, method, plain(kind, method))


def types(*names: str) -> dict[str, Callable]:
    return {name: lambda value, name=name: np.asarray(value).astype(name) for name in names}


LAYOUTS = {
    "list": lambda value: np.asarray(value).tolist(),
    "tensor": tf.constant,
    "variable": tf.Variable,
    "Fortran order": np.asfortranarray,
    "strided": lambda value: np.repeat(value, 2, axis=0)[::2],
    "big-endian": lambda value: np.asarray(value).astype(np.asarray(value).dtype.newbyteorder(">")),
    "read-only": lambda value: np.frombuffer(value.tobytes(), value.dtype).reshape(value.shape),
}
INTEGERS = types("int8", "int16", "int32", "int64", "float16", "float32", "float64")
SAME = {
    "x": {**LAYOUTS, **INTEGERS, "bfloat16": lambda x: tf.cast(x, tf.bfloat16)},
    "z": {**LAYOUTS, **types("int8", "int64", "float16", "float64"), "data frame": pandas.DataFrame},
    "label": {**LAYOUTS, **INTEGERS, **types("uint8"), "tuple": tuple, "series": pandas.Series},
    "seed": {
        **types("int8", "int16", "int32", "int64", "uint8", "uint64"),
        **{"NumPy": np.int32, "unsigned": np.uint8, "tensor": tf.constant},
        "int64 tensor": lambda seed: tf.constant(seed, tf.int64),
        **{"variable": tf.Variable, "two words": lambda seed: [seed, 0], "pair": lambda seed: tf.constant([seed, 0])},
    },
    "n": {**types("int8", "int64", "uint8"), "NumPy": np.int32, "tensor": tf.constant},
    "temperature": {
        **types("float16", "float32", "float64"),
        **{"NumPy": np.float64, "tensor": tf.constant},
        **{"one for each": lambda t: np.full(ROWS, t), "list": lambda t: [t] * ROWS},
    },
    "num_importance_samples": {"NumPy": np.int64, "array": np.array, "tensor": tf.constant},
    "y": {**LAYOUTS, "series": pandas.Series, **types("int8", "float64")},
    "sample_weight": {**LAYOUTS, "series": pandas.Series, **types("int8", "float32")},
}


def changed(value: np.ndarray, new: Any, dtype: str = "float64") -> np.ndarray:
    value = np.asarray(value).astype(dtype)
    value.flat[value.size // 2] = new
    return value


WRONG_ARRAYS = {
    "text": lambda value: np.asarray(value).astype(str),
    "a word": lambda value: "word",
    "complex": lambda value: np.asarray(value) + 0j,
    "masked": lambda value: np.ma.masked_array(value, mask=np.zeros_like(value, bool)),
    "ragged": lambda value: [[1, 2], [3]],
    "ragged tensor": lambda value: tf.ragged.constant([[1, 2], [3]]),
    "sparse": lambda value: tf.sparse.from_dense(np.ones([2, 2])),
    "objects": lambda value: np.asarray(value).astype(object),
    "NaN": lambda value: changed(value, np.nan),
    "infinity": lambda value: changed(value, -np.inf),
    "too large for float32": lambda value: changed(value, 1e39),
}
WRONG_EVENTS = {
    **WRONG_ARRAYS,
    "None": lambda value: None,
    "a number": lambda value: 3,
    "one event": lambda value: value[0],
    "an axis too many": lambda value: value[None],
    "too narrow": lambda value: value[..., :-1] if value.shape[-1] > 1 else value[:, :-1],
}
WRONG_PIXELS = {"fraction": 0.5, "negative": -1, "too many levels": 8}
WRONG_LABELS = {
    **{name: WRONG_ARRAYS[name] for name in ("text", "complex", "masked", "ragged", "objects", "NaN", "infinity")},
    "None": lambda label: None,
    "a column": lambda label: label[:, None],
    "one-hot": lambda label: np.eye(3)[label],
    "too few": lambda label: label[:-1],
    "one in a list": lambda label: label[:1],
    "fraction": lambda label: changed(label, 0.7),
    "booleans": lambda label: label > 1,
    "negative": lambda label: changed(label, -1, "int64"),
    "too large": lambda label: changed(label, 3, "int64"),
    "a single one too large": lambda label: 3,
    "a single boolean": lambda label: True,
}


def instead(**values: Any) -> dict[str, Callable]:
    """Forms that are these values, whatever the plain one is."""
    return {name: lambda value, new=new: new for name, new in values.items()}


WRONG = {
    "z": WRONG_EVENTS,
    "label": WRONG_LABELS,
    "y": WRONG_LABELS,
    "seed": {
        **instead(word="5", fraction=1.5, boolean=True, three=[1, 2, 3], fractions=[1.5, 2.5], huge=2**64),
        **instead(list_of_one=[5], objects=[None, 1], complex=1j),
    },
    "n": {
        **instead(real=4.0, shape=(2, 2), none=None, word="4", negative=-1, boolean=True, list=[4], complex=4j),
        **instead(array=np.array([4]), real_array=np.array(4.0), real_tensor=tf.constant(4.0)),
    },
    "temperature": {
        **instead(none=None, word="1", negative=-1.0, nan=np.nan, infinity=np.inf, complex=1j, huge=1e39),
        **instead(too_few=[0.5, 0.5], one_negative=[1.0, 1.0, -1.0, 1.0], column=np.ones([ROWS, 1])),
    },
    "num_importance_samples": instead(zero=0, real=2.0, none=None, word="2", boolean=True, list=[2]),
    "sample_weight": {
        **{name: WRONG_ARRAYS[name] for name in ("text", "complex", "masked", "ragged", "objects", "NaN", "infinity")},
        "too few": lambda weight: weight[:-1],
        "a column": lambda weight: weight[:, None],
        "a number": lambda weight: 1.0,
        "negative": lambda weight: -weight,
    },
}


def wrong(kind: str, argument: str) -> dict[str, Callable]:
    if argument != "x":
        return WRONG[argument]
    pixels = {name: lambda x, value=value: changed(x, value) for name, value in WRONG_PIXELS.items()}
    return {**WRONG_EVENTS, **pixels} if kind == "image" else WRONG_EVENTS


METHODS = ("log_prob", "sample", "encode", "decode", "initialize", "evaluate", "predict", "fit")


def cells(forms: Callable) -> Iterator[Any]:
    """Every method, argument and form: `(kind, method, argument, form)`."""
    for kind in CASES:
        for method in METHODS:
            for argument, value in plain(kind, method).items():
                if isinstance(value, dict) or (argument == "num_importance_samples" and value == 1):
                    continue
                for name, form in forms(kind, argument).items():
                    yield pytest.param(kind, method, argument, form, id=f"{kind}-{method}-{argument}-{name}")


def same(kind: str, argument: str) -> dict[str, Callable]:
    if argument != "x":
        return SAME[argument]
    return {**SAME["x"], **(types("uint16", "uint8") if kind == "image" else {"data frame": pandas.DataFrame})}


SAME_CELLS = [cell for cell in cells(same) if cell.values[1] not in {"initialize", "fit"}]


@pytest.mark.parametrize(("kind", "method", "argument", "form"), SAME_CELLS)
def test_every_form_gives_the_same_answer(kind, method, argument, form):
    arguments = plain(kind, method)
    received = answer(kind, method, {**arguments, argument: form(arguments[argument])})
    np.testing.assert_array_equal(received, expected_answer(kind, method))


@pytest.mark.parametrize(("kind", "method", "argument", "form"), list(cells(wrong)))
def test_wrong_arguments_get_one_line(kind, method, argument, form):
    arguments = plain(kind, method)
    with pytest.raises(InputError) as raised:
        answer(kind, method, {**arguments, argument: form(arguments[argument])})
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 250
    assert f"`{'label' if argument == 'y' else argument}`" in message.partition(" Received: ")[0]
