"""The versions of an exported model: the folders in its folder whose names are numbers, as in TF Serving."""

import tensorflow as tf

from tfflows.errors import check, check_choice


def numbers(folder: str) -> list[int]:
    """Numbers of the versions in `folder`, ascending; on any file system that TensorFlow supports, such as `gs://`."""
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def select(folder: str, version: int | None = None) -> int:
    """`version` if `folder` has it; the newest version if `version` is None.

    Raises:
        InputError: `folder` does not have this version, or has none at all.
    """
    known = numbers(folder)
    check(bool(known), "Expected a folder with numbered versions of a model.", folder=str(folder))
    if version is None:
        return known[-1]
    check_choice("version", version, known)
    return version
