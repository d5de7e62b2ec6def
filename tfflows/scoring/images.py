"""Images that nobody has split: a folder without subfolders for training and testing, or a .npz file."""

import hashlib
import json

from tfflows.datasets import Split, folders, image_arrays, image_folders
from tfflows.datasets.options import Options
from tfflows.events import Event
from tfflows.sources import storage


def identity(name: str) -> str | None:
    """A hash that changes when the files of images change, split or not; None if `name` is not a path of such files."""
    if folders.is_path(name):
        paths = [image.path for image in image_folders.in_order(name)]
    elif image_arrays.is_path(name):
        paths = [storage.absolute(name)]
    else:
        return None
    return hashlib.sha256(json.dumps([storage.stat(path) for path in paths]).encode()).hexdigest()


def are_at(name: str) -> bool:
    """Whether a name is the path of such images."""
    if folders.is_path(name):
        return all(image.split is None for image in image_folders.files_in(name))
    return image_arrays.is_path(name)


def split(name: str, event: Event, options: Options) -> Split:
    """All of these images: in the order of their paths in the folder, or of the array.

    Raises:
        InputError: They are not events of the model, or a label is not one of its classes.
    """
    return (folders if folders.is_path(name) else image_arrays).of_event(name, event, options)
