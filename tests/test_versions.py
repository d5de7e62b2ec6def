"""A model folder's versions are those that TF Serving sees."""

import pytest
import tensorflow as tf

from tfflows import versions
from tfflows.errors import InputError


@pytest.fixture(params=["local", "ram"])
def folder(request, tmp_path):
    """A model folder on a disk, and one on another of TensorFlow's file systems."""
    path = str(tmp_path) if request.param == "local" else f"ram://{tmp_path.name}/model"
    for name in ("2", "10", "1", ".writing-3", "v4", "٣"):
        tf.io.gfile.makedirs(f"{path}/{name}")
    return path


def test_versions_are_the_numbers_in_their_order(folder):
    assert versions.numbers(folder) == [1, 2, 10]


def test_newest_is_chosen_unless_another_is_asked_for(folder):
    assert versions.select(folder) == 10
    assert versions.select(folder, 2) == 2
    with pytest.raises(InputError, match=r"`version` to be one of \[1, 2, 10\]\. Received: version=4"):
        versions.select(folder, 4)


def test_folder_without_a_version_is_said(tmp_path):
    with pytest.raises(InputError, match=r"a folder with numbered versions of a model\. Received: folder='"):
        versions.select(str(tmp_path))
