"""A file is replaced atomically."""

import pytest

from tfflows.files import replacing


def test_new_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replacing(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("file.txt", "new")]


def write_half(path):
    with replacing(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt


def test_failure_leaves_the_old_content_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("file.txt", "old")]
