"""A folder of images as a dataset: .png, .jpg, .gif and .bmp files.

Subfolders called train, validation (or val) and test are the splits, and those that are missing are cut from the
training images. All other subfolders are classes: an image has the class of the first of them that it is in.

If no image has colors or a palette, the events have one channel, else three: gray images then have equal channels.
Transparency is dropped, and the EXIF orientation of a file is ignored.
"""

import dataclasses
import functools

import tensorflow as tf

from tfflows.datasets import flattened, image_files, image_folders, recipes
from tfflows.datasets.data import Data
from tfflows.datasets.image_folders import ImageFile
from tfflows.datasets.options import Options
from tfflows.errors import check
from tfflows.events import Event
from tfflows.sources import storage, table
from tfflows.splits import Element, Split, permuted

FIX = "--set=data.size=32"


def is_path(name: str) -> bool:
    """Whether a name is that of a folder with images.

    Raises:
        InputError: The folder contains tables, too.
    """
    if not tf.io.gfile.isdir(storage.absolute(name)):
        return False
    image = next(image_folders.files_in(name), None)
    tables = table.in_folder(name)
    rule = "Expected a folder of images or one of tables, not both: name the tables, as FOLDER/*.csv, or move them."
    check(image is None or not tables, rule, folder=name, image=image and image.relative, tables=tables[:3])
    return image is not None


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder, of which names and headers have been read.

    Args:
        event: What one image is.
        splits: The images of each split.
    """

    event: Event
    splits: dict[str, list[ImageFile]]


def event(name: str, options: Options) -> Event:
    """The event of a folder; reads the headers of its images."""
    return _opened(name, options).event


def load(name: str, options: Options) -> Data:
    """The three splits of a folder, whose images are read in each pass."""
    folder = _opened(name, options)
    augment = recipes.flipped if options.flip else None
    splits = {part: _split(folder.event, images, options) for part, images in folder.splits.items()}
    train = dataclasses.replace(splits.pop("train"), augment=augment)
    return Data(name, folder.event, train, **splits)


def of_event(name: str, event: Event, options: Options) -> Split:
    """All images of a folder, in the order of their paths, as events of a model.

    Raises:
        InputError: An image has another shape, has colors where the events have none, or has another class.
    """
    images = image_folders.in_order(name)
    channels, sides = _facts(images, options.size)
    shape = (*sides, max(event.size // (sides[0] * sides[1]), 1))
    fits = event.shape in (shape, (shape[0] * shape[1] * shape[2],)) and shape[2] in (1, 3) and channels <= shape[2]
    rule = f"Expected images that are events of the model, of shape {event.shape}."
    check(fits, rule, folder=name, shape=(*sides, channels))
    for image in images if event.classes else ():
        rule = "Expected each image in a subfolder with the name of one of the classes of the model."
        check(image.label in event.labels, rule, file=image.path, classes=event.labels[:8])
    found = _split(dataclasses.replace(event, shape=shape), images, options)
    return flattened.flat_split(found) if event.kind == "vector" else found


def _opened(name: str, options: Options) -> Folder:
    splits = image_folders.in_splits(name, options)
    channels, sides = _facts([image for of_split in splits.values() for image in of_split], options.size)
    labels = image_folders.classes(name, splits) if options.conditional else ()
    return Folder(Event((*sides, channels), levels=2**options.n_bits, classes=len(labels), labels=labels), splits)


def _facts(images: list[ImageFile], size: int | None) -> tuple[int, tuple[int, int]]:
    """The number of channels, and height and width, after all headers are checked; remembered until a file changes."""
    paths = tuple(sorted(image.path for image in images))
    return _facts_of(paths, tuple(map(_changed, paths)), size)


@functools.lru_cache(maxsize=1)
def _facts_of(paths: tuple[str, ...], changed: tuple, size: int | None) -> tuple[int, tuple[int, int]]:
    del changed
    first, colored = None, False
    for path in paths:
        found = image_files.header(path)
        first, colored = first or found, colored or found.colored
        there, here = (first.height, first.width), (found.height, found.width)
        rule = f"Expected images of one shape, as {paths[0]!r}, or a size to which they are resized: {FIX}."
        check(size is not None or here == there, rule, file=path, shape=here, first_shape=there)
    return 3 if colored else 1, (first.height, first.width) if size is None else (size, size)


def _changed(path: str) -> tuple[int, int]:
    facts = storage.stat(path)
    return facts["bytes"], facts["changed"]


def _split(kind: Event, images: list[ImageFile], options: Options) -> Split:
    files = {"path": tf.constant([image.path for image in images])}
    if kind.classes:
        files["label"] = tf.constant([kind.labels.index(image.label) for image in images], tf.int32)
    element = functools.partial(_element, kind, options)

    def shuffled(key: tf.Tensor) -> tf.data.Dataset:
        return permuted(files, key).map(element, tf.data.AUTOTUNE)

    examples = tf.data.Dataset.from_tensor_slices(files).map(element, tf.data.AUTOTUNE)
    return Split(examples, len(images), shuffled=shuffled)


def _element(kind: Event, options: Options, file: Element) -> Element:
    image = image_files.pixels(file["path"], kind.shape[-1])
    if options.size is not None:
        image = recipes.central_crop(recipes.resize_short_side(image, options.size), options.size)
    image = recipes.top_bits(tf.ensure_shape(image, kind.shape), options.n_bits)
    return {"x": image, "label": file["label"]} if kind.classes else {"x": image}
