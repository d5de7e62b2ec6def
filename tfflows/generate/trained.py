"""A trained model with the dataset of its training, which is loaded when it is needed."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfflows import datasets, figures
from tfflows.datasets import Data
from tfflows.datasets.arrays import IN_MEMORY
from tfflows.datasets.attributes import Attributes, load_attributes
from tfflows.errors import check
from tfflows.generate import tables
from tfflows.models import GenerativeModel


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model, and what it was trained on.

    Args:
        model: The model.
        name: Its name, for titles.
        dataset: Name of its dataset.
        options: Options of the dataset.
        loaded: The dataset, if it is loaded already.
    """

    model: GenerativeModel
    name: str
    dataset: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loaded: Data | None = None

    @functools.cached_property
    def data(self) -> Data:
        """The dataset.

        Raises:
            InputError: It cannot be loaded, has no examples, or has other events than the model.
        """
        rule = "Expected another dataset, --dataset=..., as this model was trained on arrays in memory."
        check(self.loaded or self.dataset != IN_MEMORY, rule, model=self.name)
        if self.loaded or not self.model.event.columns:
            return self.loaded or self.like(self.dataset)
        data = self._load(self.dataset)
        rule = "Expected the data that the model was trained on: its columns, scales or categories have changed."
        check(data.event == self.model.event, rule, dataset=self.dataset)
        return data

    def like(self, dataset: str) -> Data:
        """Another dataset with the same options, whose events are those of the model.

        Raises:
            InputError: It cannot be loaded, has no examples, or has other events than the model.
        """
        if self.model.event.columns:
            return tables.like(dataset, self.model.event, self.options.get("label"), self.options.get("delimiter", ","))
        return self._load(dataset)

    def _load(self, dataset: str) -> Data:
        known = datasets.options_of(dataset)
        data = datasets.load(dataset, **{name: value for name, value in self.options.items() if name in known})
        check(isinstance(data, Data), "Expected a dataset with examples: a target has none.", dataset=dataset)
        event = self.model.event
        same = (data.event.shape, data.event.levels) == (event.shape, event.levels)
        rule = f"Expected a dataset with events of shape {event.shape} and levels={event.levels}."
        check(same, rule, dataset=dataset, shape=data.event.shape, levels=data.event.levels)
        return data

    def examples(self, n: int, split: str = "test") -> dict[str, np.ndarray]:
        """The first `n` examples of a split: `x`, with `label` and `context` where the model has them."""
        wanted = ("x", *(name for name in ("label", "context") if _has(self.model, name)))
        return first_examples(self.data, n, split, wanted)

    def given(self, images: np.ndarray | None, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The given images, or the first `n` of the test set, and their conditions.

        Raises:
            InputError: Images without labels are given to a conditional model, or they are not events of the model.
        """
        if images is not None:
            rule = (
                "Expected a model without a condition for given images: leave them out to take those of its test set."
            )
            check(self.model.event.condition_size == 0, rule, model=self.name)
            return self.model.event.check(images).numpy()[:n], {}
        examples = self.examples(n)
        return examples.pop("x"), examples

    def attributes(self) -> Attributes:
        """The attributes, or the classes, of the images of its training set."""
        names = [name for name in self.options if name != "conditional"]
        return load_attributes(self.dataset, **{name: self.options[name] for name in names})

    def check_images(self) -> None:
        """Checks that the events are images.

        Raises:
            InputError: They are not.
        """
        is_image = figures.image_shape(self.model.event) is not None
        check(is_image, "Expected a model of images.", model=self.name, shape=self.model.event.shape)


def first_examples(data: Data, n: int, split: str = "test", names: tuple[str, ...] = ("x",)) -> dict[str, np.ndarray]:
    """`n` examples of a split of a dataset, by name; all of them if it has fewer.

    They are random ones of files, which are often sorted, and the first of other datasets.
    """
    found = getattr(data, split).arrays(n, key=0)
    return {name: found[name] for name in names}


def _has(model: GenerativeModel, name: str) -> bool:
    return bool({"label": model.event.classes, "context": model.event.context}[name])
