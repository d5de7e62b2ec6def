"""Small models of the tests of `tfflows.generate`, and a dataset of theirs in memory."""

import functools

import numpy as np
import tensorflow as tf

from tests.cases import EVENTS, Case, make
from tfflows import datasets
from tfflows.datasets.attributes import Attributes
from tfflows.generate import Trained

IMAGE = EVENTS["image"]


@functools.cache
def image_model(name: str = "glow"):
    """A model of images of 4x4 pixels with weights that are not at their start."""
    return make(Case(name, IMAGE))


@functools.cache
def images(n: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 8, (n, *IMAGE.shape)).astype(np.uint8)


class InMemory(Trained):
    """A trained model whose dataset is in memory: even rows have class 0, whose pixels are darker."""

    def like(self, dataset: str) -> datasets.Data:
        assert dataset in ("small", "other")
        x = images(120) // (1 if dataset == "small" else 4)
        label = np.arange(120) % 2
        x = np.where(label[:, None, None, None] == 0, x // 2, x).astype(np.uint8) << 5
        labels = label if self.options.get("conditional") or self.model.event.classes else None
        return datasets.from_arrays(x, label=labels, name=dataset, n_bits=3)

    def attributes(self) -> Attributes:
        data = InMemory(self.model, self.name, self.dataset, {"conditional": True}).like("small")
        examples = data.train.events().map(lambda one: {"x": one["x"], "attributes": tf.one_hot(one["label"], 2) > 0})
        return Attributes(("0", "1"), examples, data.train.size)


def trained(name: str = "glow") -> InMemory:
    return InMemory(image_model(name), name, "small")


def share_above(outside: np.ndarray, inside: np.ndarray) -> float:
    """The share of the pairs in which the first is larger; equal ones count one half."""
    return np.mean((outside[:, None] > inside) + 0.5 * (outside[:, None] == inside))
