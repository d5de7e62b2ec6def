"""Attributes of images: which of them each image has."""

import dataclasses
from typing import Any

import tensorflow as tf
import tensorflow_datasets as tfds

from tfflows.datasets import flattened, loading, tfds_builders, tfds_images
from tfflows.datasets.options import Options
from tfflows.datasets.recipes import RECIPES
from tfflows.errors import check


@dataclasses.dataclass(frozen=True)
class Attributes:
    """Images with attributes.

    Args:
        names: Names of the attributes.
        examples: Elements `{"x": [*event], "attributes": bool [attributes]}`.
        size: Number of images.
    """

    names: tuple[str, ...]
    examples: tf.data.Dataset
    size: int


def load_attributes(name: str, split: str = "train", **options: Any) -> Attributes:
    """The images of a split with their attributes: those of `celeb_a`, such as Smiling; elsewhere their classes.

    Args:
        name: Name of a dataset of images with labels, or of a TFDS dataset with a feature `attributes` of booleans.
        split: `"train"`, `"validation"` or `"test"`.
        **options: As in `load`.

    Raises:
        InputError: As in `load`, or the images have neither attributes nor labels.
    """
    given = Options.of(options)
    if name in RECIPES:
        builder = tfds_builders.make(name, given.data_dir)
        known = dict(builder.info.features).get("attributes")
        if isinstance(known, tfds.features.FeaturesDict):
            examples, size = tfds_images.with_feature(builder, given, split, "attributes")
            examples = examples.map(flattened.flatten) if given.flatten else examples
            return Attributes(tuple(sorted(known)), examples.map(_in_order), size)
    return _classes(name, split, {**options, "conditional": True})


def _in_order(element: dict[str, Any]) -> dict[str, tf.Tensor]:
    values = element["attributes"]
    return {"x": element["x"], "attributes": tf.stack([tf.cast(values[name], tf.bool) for name in sorted(values)])}


def _classes(name: str, split: str, options: dict[str, Any]) -> Attributes:
    data = loading.load(name, **options)
    part = getattr(data, split)
    classes = data.event.classes
    check(classes > 1, "Expected a dataset with two or more classes.", dataset=name, classes=classes)

    def marked(element):
        return {"x": element["x"], "attributes": tf.one_hot(element["label"], classes, True, False, dtype=tf.bool)}

    return Attributes(data.event.labels or _names(name, classes, options), part.events(key=0).map(marked), part.size)


def _names(name: str, classes: int, options: dict[str, Any]) -> tuple[str, ...]:
    """The names that TFDS gives to the classes, else their numbers."""
    if name in RECIPES:
        label = dict(tfds_builders.make(name, options.get("data_dir")).info.features).get("label")
        if isinstance(label, tfds.features.ClassLabel):
            return tuple(label.names)
    return tuple(map(str, range(classes)))
