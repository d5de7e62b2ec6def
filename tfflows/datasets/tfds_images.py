"""The image datasets of TFDS as `Data`: those with a recipe of the papers, and any other whose images have one shape.

Splits: test is TFDS's `test`, or if there is none, `validation`, as in the papers on small ImageNet and LSUN.
Validation is TFDS's `validation` unless that is the test split. Missing splits are cut from the end of `train`, which
TFDS shuffles when it writes it; each has a tenth of `train` and at most 5,000 examples, and test comes last.
"""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfflows.datasets import recipes, tfds_builders
from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.datasets.recipes import RECIPES, Recipe
from tfflows.errors import check
from tfflows.events import Event
from tfflows.splits import Element, Split

LEVELS = 256  # of a pixel


def event(name: str, options: Options) -> Event:
    """The event of a TFDS dataset; reads no data.

    Raises:
        InputError: TFDS does not know the name, the dataset has no uint8 images of one shape, or it lacks a label.
    """
    return _event(tfds_builders.make(name, options.data_dir), options)


def load(name: str, options: Options) -> Data:
    """Loads the three splits, and downloads the dataset first if it is not on disk.

    Raises:
        InputError: As in `event`, or the data can neither be found nor downloaded.
    """
    builder = tfds_builders.make(name, options.data_dir)
    kind, recipe = _event(builder, options), _recipe(builder)
    tfds_builders.prepare(builder)
    parts = _parts(builder)
    read = functools.partial(_split, builder, kind, recipe, options)
    return Data(name, kind, read(parts[0], train=True), read(parts[1]), read(parts[2]))


def with_feature(
    builder: tfds.core.DatasetBuilder, options: Options, split: str, feature: str
) -> tuple[tf.data.Dataset, int]:
    """The prepared images of a split with one more feature of TFDS: elements `{"x": ..., feature: ...}`.

    Args:
        builder: Builder of a dataset of images.
        options: How to load it.
        split: `"train"`, `"validation"` or `"test"`.
        feature: Name of the feature.

    Returns:
        The elements, in order, and their number.

    Raises:
        InputError: As in `load`.
    """
    kind, recipe = _event(builder, options), _recipe(builder)
    tfds_builders.prepare(builder)
    parts = _parts(builder)
    part = parts[("train", "validation", "test").index(split)]

    def element(features):
        return {**_element(kind, recipe, options, features, whole=False), feature: features[feature]}

    examples = _read(builder, part, ("image", feature)).map(element, num_parallel_calls=tf.data.AUTOTUNE)
    return examples, builder.info.splits[part].num_examples


def split_names(sizes: dict[str, int]) -> tuple[str, str, str]:
    """The TFDS names of our train, validation and test splits, by the rule of this module.

    Args:
        sizes: Number of examples of each TFDS split.

    Raises:
        InputError: There is no `train`, or it has too few examples to cut from.
    """
    own = [split for split in ("test", "validation") if sizes.get(split)]
    cuts = 2 - len(own)
    train = sizes.get("train", 0)
    check(train > cuts, "Expected a TFDS dataset with a split `train` large enough to train on.", splits=sizes)
    part = max(1, min(train // 10, 5000))
    if cuts == 0:
        return "train", "validation", "test"
    if cuts == 1:
        return f"train[:-{part}]", f"train[-{part}:]", own[0]
    return f"train[:-{2 * part}]", f"train[-{2 * part}:-{part}]", f"train[-{part}:]"


def _parts(builder: tfds.core.DatasetBuilder) -> tuple[str, str, str]:
    return split_names({name: info.num_examples for name, info in builder.info.splits.items()})


def _event(builder: tfds.core.DatasetBuilder, options: Options) -> Event:
    features = builder.info.features
    classes = _classes(features) if options.conditional else 0
    recipe = _recipe(builder)
    if recipe.levels != LEVELS:
        options.reject(tfds_builders.key(builder), "n_bits")
    levels = min(recipe.levels, 2**options.n_bits)
    return Event(recipe.shape, "uint8", levels=levels, classes=classes)


def _recipe(builder: tfds.core.DatasetBuilder) -> Recipe:
    name, features = tfds_builders.key(builder), builder.info.features
    if name in RECIPES:
        return RECIPES[name]
    image = dict(features).get("image") if isinstance(features, tfds.features.FeaturesDict) else None
    is_image = isinstance(image, tfds.features.Image) and image.np_dtype == np.uint8
    check(is_image, "Expected a TFDS dataset with a feature `image` of uint8 pixels.", name=name)
    rule = f"Expected images of one shape with 1 or 3 channels; other shapes need a recipe, as {list(RECIPES)} have."
    check(None not in image.shape and image.shape[-1] in (1, 3), rule, name=name, shape=image.shape)
    return Recipe(image.shape)


def _classes(features: tfds.features.FeaturesDict) -> int:
    label = dict(features).get("label")
    has_label = isinstance(label, tfds.features.ClassLabel) and bool(label.num_classes)
    rule = "Expected a dataset with one class label, a feature `label`, for conditional=True: set conditional=False."
    check(has_label, rule, features=sorted(features))
    return label.num_classes


def _split(
    builder: tfds.core.DatasetBuilder, kind: Event, recipe: Recipe, options: Options, split: str, *, train: bool = False
) -> Split:
    images = _read(builder, split, ("image", "label") if kind.classes else ("image",))
    element = functools.partial(_element, kind, recipe, options, whole=train and recipe.random_crop)
    examples = images.map(element, num_parallel_calls=tf.data.AUTOTUNE)
    size = builder.info.splits[split].num_examples
    return Split(examples, size, _augmentation(kind, recipe, options) if train else None)


def _read(builder: tfds.core.DatasetBuilder, split: str, features: tuple[str, ...]) -> tf.data.Dataset:
    """Some features of a split; without `shuffle_files`, TFDS reads in an order that depends on the files alone."""
    wanted = dict.fromkeys(features, True)
    read = {"shuffle_files": False, "read_config": tfds.ReadConfig(try_autocache=False)}
    with tfds_builders.quiet():
        return builder.as_dataset(split=split, decoders=tfds.decode.PartialDecoding(wanted), **read)


def _element(kind: Event, recipe: Recipe, options: Options, features: Element, *, whole: bool) -> Element:
    """One example: its prepared image, cropped to the event unless `whole`, and its label if there are classes."""
    image = recipe.prepare(features["image"])
    if not whole:
        image = recipes.central_crop(image, kind.shape[0]) if recipe.random_crop else image
        image = tf.ensure_shape(image, kind.shape)
    element = {"x": recipes.top_bits(image, options.n_bits)}
    return {**element, "label": tf.cast(features["label"], tf.int32)} if kind.classes else element


def _augmentation(kind: Event, recipe: Recipe, options: Options) -> Callable[[Element, tf.Tensor], Element] | None:
    """A function (element, seed) -> element that crops and flips at random, or None if there is neither."""
    flip = recipe.flip if options.flip is None else options.flip
    if not (flip or recipe.random_crop):
        return None

    def augment(element: Element, seed: tf.Tensor) -> Element:
        crop_seed, flip_seed = tf.unstack(tf.random.split(seed, 2, alg="philox"))
        image = element["x"]
        image = recipes.random_crop(image, kind.shape[0], crop_seed) if recipe.random_crop else image
        image = recipes.random_flip(image, flip_seed) if flip else image
        return {**element, "x": tf.ensure_shape(image, kind.shape)}

    return augment
