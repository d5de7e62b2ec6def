"""The signatures of an export, as one table: their inputs, with the check of each, and their outputs.

The SavedModel, the checks in its graph, its warm-up requests and the table in docs/serving.md are made from it; the
client and the server read it from the SavedModel. A new input is one more row of `inputs`, and its name in a signature
or among the CONDITIONS.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfflows import noise
from tfflows.columns import Column
from tfflows.events import Event


@dataclasses.dataclass(frozen=True)
class Signature:
    """The names of the inputs of a signature, without CONDITIONS, and what each output is."""

    inputs: tuple[str, ...]
    outputs: dict[str, str]


BITS = "the same in bits per dimension, of pixels"
SIGNATURES = {
    "log_prob": Signature(("x",), {"log_prob": "log-likelihood, nats per event", "bits_per_dim": BITS}),
    "sample": Signature(("seed", "temperature"), {"x": "samples in raw units"}),
    "encode": Signature(("x",), {"z": "latents"}),
    "decode": Signature(("z",), {"x": "events in raw units"}),
}
DEFAULT = "log_prob"  # also served as `serving_default`
CONDITIONS = ("label", "context")  # what a model may be conditioned on: then every signature takes it


@dataclasses.dataclass(frozen=True)
class Input:
    """An input of a signature.

    Args:
        spec: Shape `[None, ...]`, type and name.
        meaning: What a row is, in a phrase.
        rule: Condition on each entry, in words.
        sound: The same condition as an elementwise function.
        example: Function from a number of rows to valid values; None where they come from data, or from `encode`.
    """

    spec: tf.TensorSpec
    meaning: str
    rule: str
    sound: Callable[[tf.Tensor], tf.Tensor]
    example: Callable[[int], np.ndarray] | None = None

    @property
    def name(self) -> str:
        return self.spec.name


def _rows(name: str, shape: tuple[int, ...], dtype: str) -> tf.TensorSpec:
    return tf.TensorSpec([None, *shape], dtype, name=name)


SEED = Input(
    _rows("seed", (2,), "int32"),
    "seed of the noise of one sample",
    "an integer",
    lambda seed: tf.ones_like(seed, tf.bool),
    lambda n: noise.sample_seeds(0, n).numpy(),
)
TEMPERATURE = Input(
    _rows("temperature", (), "float32"),
    "factor of the latent noise",
    noise.TEMPERATURE,
    lambda t: tf.math.is_finite(t) & (t >= 0),
    lambda n: np.ones(n, np.float32),
)


def inputs(event: Event, latent_shape: tuple[int, ...]) -> dict[str, Input]:
    """Every input that a signature of a model may have, by name."""
    last, classes = (event.levels or 0) - 1, event.classes
    pixels = Input(_rows("x", event.shape, "uint8"), "event", f"in 0..{last}", lambda x: x <= last)
    reals = _reals("x", event.shape, "event", event.columns)
    z = _reals("z", latent_shape, "latent")
    label = Input(
        _rows("label", (), "int32"),
        "class, of a class-conditional model",
        f"in 0..{classes - 1}",
        lambda k: (0 <= k) & (k < classes),
        lambda n: np.arange(n, dtype=np.int32) % classes,
    )
    context = _reals("context", (event.context,), "context, of a model with one", event.context_columns)
    context = dataclasses.replace(context, example=lambda n: np.tile(_typical(event), [n, 1]))
    rows = [pixels if event.discrete else reals, z, SEED, TEMPERATURE]
    rows += [*([label] if classes else []), *([context] if event.context else [])]
    return {row.name: row for row in rows}


def _reals(name: str, shape: tuple[int, ...], meaning: str, columns: Sequence[Column] = ()) -> Input:
    spec = _rows(name, shape, "float64" if columns else "float32")
    missing = np.array([column.missing for column in columns])
    if missing.any():
        return Input(spec, meaning, "finite, or NaN where it may be missing", lambda x: _sound(x, missing))
    return Input(spec, meaning, "finite", tf.math.is_finite)


def _sound(x: tf.Tensor, missing: np.ndarray) -> tf.Tensor:
    """Which of the entries of rows, in a vector, are finite, or NaN in a column whose values may be missing."""
    rows = tf.reshape(x, [-1, len(missing)])
    return tf.reshape(tf.math.is_finite(rows) | (tf.math.is_nan(rows) & missing), tf.shape(x))


def _typical(event: Event) -> np.ndarray:
    """A context in the middle of the data."""
    if not event.context_columns:
        return np.zeros(event.context, np.float32)
    return np.array([column.center for column in event.context_columns])


def inputs_of(signature: str, event: Event, latent_shape: tuple[int, ...]) -> list[Input]:
    """The inputs of a signature, the conditions of the model last."""
    known = inputs(event, latent_shape)
    return [known[name] for name in (*SIGNATURES[signature].inputs, *CONDITIONS) if name in known]


def signature_table() -> str:
    """The signatures in Markdown, without CONDITIONS."""
    lines = ["| signature | inputs | outputs |", "|---|---|---|"]
    for name, signature in SIGNATURES.items():
        taken = ", ".join(f"`{each}`" for each in signature.inputs)
        given = "; ".join(f"`{output}`: {meaning}" for output, meaning in signature.outputs.items())
        lines.append(f"| `{name}`{', also `serving_default`' if name == DEFAULT else ''} | {taken} | {given} |")
    return "\n".join(lines) + "\n"


def input_table(event: Event, latent_shape: tuple[int, ...]) -> str:
    """The inputs of a model of these events in Markdown."""
    lines = ["| input | a row is | type and shape | each entry is |", "|---|---|---|---|"]
    for name, row in inputs(event, latent_shape).items():
        shape = ", ".join(["batch", *map(str, row.spec.shape[1:])])
        lines.append(f"| `{name}` | {row.meaning} | {row.spec.dtype.name} `[{shape}]` | {row.rule} |")
    return "\n".join(lines) + "\n"
