"""Requests for the soak test: good ones with their expected answers, and bad ones of every kind."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from tfflows import noise
from tfflows.serving.transport import Target
from zoo.pretrained import exported_folder, exported_version

MODELS = ("realnvp_digits", "glow_digits", "vae_dynamic_mnist", "maf_toy_eight_gaussians")
ROWS = 64  # of which each request takes some


class Request(NamedTuple):
    """A request and its expected answer; None if it must be refused."""

    name: str
    target: Target
    signature: str
    inputs: dict[str, np.ndarray]
    outputs: list[str]
    expected: dict[str, np.ndarray] | None


def write_config(path: Path) -> None:
    """Writes the model config file of all `MODELS`."""
    config = ModelServerConfig()
    for name in MODELS:
        config.model_config_list.config.append(ModelConfig(name=name, base_path=str(exported_folder(name))))
    path.write_text(text_format.MessageToString(config))


def answers(saved_model: Path) -> dict[str, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Inputs and outputs of `ROWS` rows by signature, computed in this process."""
    loaded = tf.saved_model.load(str(saved_model))

    def run(signature: str, **inputs):
        outputs = loaded.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return inputs, {name: value.numpy() for name, value in outputs.items()}

    temperature = np.linspace(0.5, 1, ROWS, dtype=np.float32)
    drawn = run("sample", seed=noise.sample_seeds(0, ROWS).numpy(), temperature=temperature)
    encoded = run("encode", **drawn[1])
    return {
        "log_prob": run("log_prob", **drawn[1]),
        "sample": drawn,
        "encode": encoded,
        "decode": run("decode", **encoded[1]),
    }


def good(choices: random.Random) -> Iterator[Request]:
    """Some rows, 1 to 64, of any signature of any model, without end."""
    known = [
        (model, signature, *rows) for model in MODELS for signature, rows in answers(exported_version(model)).items()
    ]
    while True:
        model, signature, inputs, outputs = choices.choice(known)
        rows = choices.sample(range(ROWS), choices.randint(1, ROWS))
        yield Request(
            f"{model} {signature} of {len(rows)} rows",
            Target(model),
            signature,
            {name: value[rows] for name, value in inputs.items()},
            list(outputs),
            {name: value[rows] for name, value in outputs.items()},
        )


PIXELS, POINT = np.zeros([3, 8, 8, 1], np.uint8), np.zeros([3, 2], np.float32)
DRAWING = {"seed": np.zeros([3, 2], np.int32), "temperature": np.ones([3], np.float32)}
DIGITS, BINARY, TOY = (Target(name) for name in ("realnvp_digits", "vae_dynamic_mnist", "maf_toy_eight_gaussians"))
BAD = {
    "type": (DIGITS, "log_prob", {"x": PIXELS.astype(np.float32)}),
    "type of a seed": (DIGITS, "sample", {**DRAWING, "seed": np.zeros([3, 2], np.int64)}),
    "rank": (DIGITS, "encode", {"x": PIXELS[0]}),
    "size": (TOY, "log_prob", {"x": np.zeros([3, 5], np.float32)}),
    "no rows": (TOY, "encode", {"x": POINT[:0]}),
    "too many rows": (TOY, "log_prob", {"x": np.zeros([65_537, 2], np.float32)}),
    "fewer temperatures": (DIGITS, "sample", {**DRAWING, "temperature": DRAWING["temperature"][:1]}),
    "NaN": (TOY, "log_prob", {"x": np.full_like(POINT, np.nan)}),
    "infinite latent": (TOY, "decode", {"z": np.full_like(POINT, np.inf)}),
    "pixel out of range": (DIGITS, "log_prob", {"x": PIXELS + 200}),
    "pixel of two levels": (BINARY, "encode", {"x": np.full([3, 28, 28, 1], 7, np.uint8)}),
    "negative temperature": (DIGITS, "sample", {**DRAWING, "temperature": -DRAWING["temperature"]}),
    "NaN as temperature": (TOY, "sample", {**DRAWING, "temperature": np.full([3], np.nan, np.float32)}),
    "missing input": (DIGITS, "sample", {"seed": DRAWING["seed"]}),
    "extra input": (TOY, "log_prob", {"x": POINT, "y": POINT}),
    "unknown signature": (DIGITS, "score", {"x": PIXELS}),
    "unknown model": (Target("nope"), "log_prob", {"x": PIXELS}),
    "unknown version": (Target("glow_digits", version=99), "log_prob", {"x": PIXELS}),
    "unknown label": (Target("glow_digits", version_label="nope"), "log_prob", {"x": PIXELS}),
}


def bad() -> Iterator[Request]:
    """Every kind of bad request in turn, without end."""
    for name, (target, signature, inputs) in itertools.cycle(BAD.items()):
        yield Request(name, target, signature, inputs, [], None)
