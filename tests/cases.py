"""Small models of every architecture in the registry, initialized on data, with every weight changed afterwards."""

import contextlib
import dataclasses
import functools
import math
import zlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tfflows import noise
from tfflows.events import Event
from tfflows.models import Dequantized, Flow, GenerativeModel, LatentVariableModel
from zoo.registry import ARCHITECTURES, Architecture

EVENTS = {"vector": Event((2,)), "image": Event((4, 4, 1), "uint8", 8)}
CONDITIONS = {"classes": 3, "context": 2}  # of a conditional case: always both, so that each law sees both

# Settings that make an architecture small; its defaults where there is no row.
SMALL = {
    ("nice", "vector"): {"couplings": 4, "width": 8, "depth": 1},
    ("nice", "image"): {"couplings": 2, "width": 8, "depth": 1},
    ("glow", "vector"): {"steps": 2, "width": 8, "depth": 1},
    ("glow", "image"): {"scales": 2, "steps": 1, "width": 4},
    ("nsf", "vector"): {"steps": 2, "width": 8, "bins": 2},  # more bins are too rough for the grid of the laws
    ("nsf", "image"): {"scales": 2, "steps": 1, "width": 4, "blocks": 1},
    ("realnvp", "vector"): {"couplings": 4, "width": 8, "depth": 1},
    ("realnvp", "image"): {"width": 4, "blocks": 1},
    ("planar", "vector"): {"layers": 3},
    ("radial", "vector"): {"layers": 3},
    ("sylvester", "vector"): {"layers": 3},
    ("flowpp", "vector"): {"couplings": 2, "components": 3, "width": 8},
    ("flowpp", "image"): {
        **{"plan": "1 columns, squeeze, 1 channels", "width": 4, "blocks": 1, "components": 2},
        "dequantization_blocks": 1,
    },
    ("ffjord", "vector"): {"width": 8, "depth": 1, "rtol": 2e-7, "atol": 2e-7},
    ("ffjord", "image"): {"scales": 2, "flows": 1, "width": 4, "depth": 1, "rtol": 1e-4, "atol": 1e-4},
    ("made", "vector"): {"components": 3, "width": 8, "depth": 1},
    ("maf", "vector"): {"flows": 2, "width": 8},
    ("iaf", "vector"): {"flows": 2, "width": 8},
    ("vae", "vector"): {"width": 8, "depth": 1},
    ("vae", "image"): {"latents": 3, "features": 8, "width": 2},
    ("flow_vae", "vector"): {"posterior": "1 iaf", "prior": "1 realnvp", "hidden": 8, "width": 8, "depth": 1},
    ("flow_vae", "image"): {
        **{"posterior": "1 planar, 1 radial", "prior": "1 maf", "hidden": 4},
        **{"latents": 3, "features": 8, "width": 2},
    },
    ("iaf_vae", "image"): {"scales": 2, "blocks": 1, "width": 4, "latents": 2, "hidden": 4},
    ("tarflow", "vector"): {"blocks": 2, "layers": 1, "width": 8, "heads": 2},
    ("tarflow", "image"): {
        **{"patch": 2, "blocks": 2, "layers": 1, "width": 8, "heads": 2},
        **{"alpha": 0.05, "dequantization": "logit_normal"},
    },
    ("jet", "image"): {"couplings": 6, "patch": 2, "layers": 1, "width": 8, "heads": 2},
    ("pixelcnn", "image"): {"width": 4, "blocks": 2, "components": 2, "dropout": 0.0},
    ("idf", "image"): {"scales": 2, "couplings": 2, "width": 6, "depth": 2, "components": 2},
    ("residual", "vector"): {"blocks": 2, "width": 8, "lipschitz": 0.9},
    ("residual", "image"): {
        **{"scales": 2, "blocks": 1, "width": 4, "dense_blocks": 1, "dense_width": 4},
        **{"lipschitz": 0.6, "factor_out": True},
    },
    ("bnaf", "vector"): {"flows": 2, "units": 3, "depth": 2},
    ("naf", "vector"): {"flows": 1, "width": 8, "kind": "ddsf", "units": 3, "layers": 2},
}


@dataclasses.dataclass(frozen=True)
class Case:
    """An architecture, for one kind of event."""

    name: str
    event: Event

    def __str__(self) -> str:
        return f"{self.name}-{self.event.kind}" + ("-conditional" if self.event.condition_size else "")

    @property
    def row(self) -> Architecture:
        return ARCHITECTURES[self.name]

    @property
    def exact(self) -> bool:
        """Whether the density of continuous events is exact."""
        return self.row.density == "exact"

    @property
    def bounded(self) -> bool:
        """Whether the density is only bounded, whatever the events are."""
        return self.row.density == "bound"

    @property
    def estimated(self) -> bool:
        """Whether the log-determinant is an estimate."""
        return self.event.kind in self.row.estimates

    @property
    def samples(self) -> int:
        """Importance samples after which a bound is as good as exact."""
        return 1 if self.exact else 50

    @property
    def settings(self) -> dict:
        return SMALL.get((self.name, self.event.kind), {})


CASES = [
    Case(name, event)
    for name, row in ARCHITECTURES.items()
    for kind in row.builders
    for event in (EVENTS[kind], dataclasses.replace(EVENTS[kind], **CONDITIONS))
]


def make(case: Case, *, seed: int = 0, scale: float = 1.0, **settings: Any) -> GenerativeModel:
    """The model of a case in the current precision, without weights at zero, initialized on data times `scale`."""
    keras.utils.set_random_seed(seed)
    model = zoo.create(case.name, event=case.event, **{**case.settings, **settings})
    x, conditions = events(case, 64)
    x = x if scale == 1.0 else (scale * x).astype(case.event.dtype)
    model.initialize(x, **conditions)
    random = np.random.default_rng(seed)
    # A smaller change for a bound: far from the true posterior, importance weights have no finite variance.
    gentle = {id(v) for layer in getattr(model, "inference_layers", ()) for v in layer.trainable_variables}
    for variable in model.trainable_variables:
        # Also a smaller one for the networks of a condition, which have more inputs: float32 must invert them.
        exact = 0.15 if case.event.condition_size else 0.2
        move = exact if not case.bounded else 0.05 if id(variable) in gentle else 0.1
        variable.assign(variable.numpy() + move * random.normal(size=variable.shape))
    return model


def kept(case: Case) -> GenerativeModel:
    """The model of a case, for laws that do not change it: the last one stays, with the graphs that were traced."""
    return model_of(case, repr(case.settings))


@functools.lru_cache(maxsize=1)
def model_of(case: Case, settings: str) -> GenerativeModel:
    """The model of a case, for as long as no other one is asked for; `settings` tells those of a patched case apart."""
    return make(case)


def widened(model: LatentVariableModel) -> LatentVariableModel:
    """The model with another posterior: the same function of wider noise, with the density of that.

    It has heavier tails than what it approximates, so that means of importance weights settle: 2 as wide for two
    latents, less for more of them, as the weights' variance grows with each.
    """
    infer, normal, factor = model.infer, noise.normal, 1 + math.sqrt(2 / math.prod(model.latent_shape))

    def wide(*args, **kwargs):
        drawn = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(noise, "normal", lambda *args: drawn.append(factor * normal(*args)) or drawn[-1])
            found = infer(*args, **kwargs)
        change = [0.5 * (1 - factor**-2) * e**2 - math.log(factor) for e in drawn]
        change = tf.add_n([tf.reduce_sum(part, axis=range(1, part.shape.rank)) for part in change])
        return dataclasses.replace(found, log_ratio=found.log_ratio + change)

    model.infer = wide
    return model


def events(case: Case, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Random events of a case, and a label and a context of each by name, where it is conditional."""
    random = np.random.default_rng(zlib.crc32(str(case).encode()))
    event = case.event
    x = random.integers(0, event.levels, (n, *event.shape)) if event.discrete else random.normal(size=(n, *event.shape))
    conditions = {"label": random.integers(0, event.classes, n).astype(np.int32)} if event.classes else {}
    if event.context:
        conditions["context"] = random.normal(size=(n, event.context)).astype(np.float32)
    return x.astype(event.dtype), conditions


def taken(conditions: dict[str, np.ndarray], rows: Any) -> dict[str, np.ndarray]:
    """The conditions of some rows: of a slice, or of an array of their numbers."""
    return {name: value[rows] for name, value in conditions.items()}


def repeated(case: Case, n: int) -> dict[str, np.ndarray]:
    """The same label and context for each of `n` rows, where a case is conditional."""
    label = {"label": np.ones(n, np.int32)} if case.event.classes else {}
    context = np.linspace(0.5, -1.0, case.event.context, dtype=np.float32)
    return {**label, "context": np.tile(context, [n, 1])} if case.event.context else label


def continuous(case: Case, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Dequantized events in the current precision, and their conditions."""
    x, conditions = events(case, n)
    x = x.astype(keras.config.floatx())
    if case.event.discrete:
        x += np.random.default_rng(1).uniform(0.05, 0.95, x.shape)
    return x, conditions


def assert_finite_at(x: tf.Tensor, model: GenerativeModel) -> None:
    """Checks that the log-density at `x` is finite, with finite gradients in `x` and in every weight."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = flow_of(model).distribution().log_prob(x)
    for part in (score, *tape.gradient(score, [x, *model.trainable_variables])):
        assert np.isfinite(part).all()


def number_of_weights(model: GenerativeModel) -> int:
    """Number of trainable weights, which papers report."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def flow_of(model: GenerativeModel) -> Flow:
    """The flow itself, without the noise that dequantizes its events."""
    return model.flow if isinstance(model, Dequantized) else model


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """A context in which models are made in double precision."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
