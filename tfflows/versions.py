"""Which folders of a model folder are its versions: those whose names are numbers, as TF Serving has it."""

import tensorflow as tf

from tfflows.errors import check, check_choice


def numbers(folder: str) -> list[int]:
    """Numbers of the versions in `folder`, ascending; on any file system that TensorFlow knows, such as `gs://`."""
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def chosen(folder: str, version: int | None = None) -> int:
    """`version` if there is such a one in `folder`, the newest at None.

    Raises:
        InputError: There is no such version, or none at all.
    """
    known = numbers(folder)
    check(bool(known), "Expected a folder with numbered versions of a model.", folder=str(folder))
    if version is None:
        return known[-1]
    check_choice("version", version, known)
    return version
