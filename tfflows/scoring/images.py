"""Images that nobody has split: a folder without subfolders for training and testing, or a .npz file."""

from tfflows.datasets import Split, folders, image_arrays, image_folders
from tfflows.datasets.options import Options
from tfflows.events import Event


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
