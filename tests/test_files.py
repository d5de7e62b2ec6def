"""A file is replaced atomically."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import temporary
from tfflows.files import atomic_write
from tfflows.sources import storage


def test_new_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with atomic_write(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("file.txt", "new")]


def write_half(path):
    with atomic_write(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt


def test_failure_leaves_the_old_content_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("file.txt", "old")]


@pytest.mark.parametrize("fails", [False, True])
def test_failure_on_any_file_system_leaves_nothing_either(fails, tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with contextlib.suppress(KeyboardInterrupt), storage.write_whole(str(path), beside=str(tmp_path)) as file:
        file.write(b"new")
        if fails:
            raise KeyboardInterrupt
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("file.txt", "old" if fails else "new")]


def test_tests_leave_nothing_in_the_temporary_folder():
    assert Path(tempfile.gettempdir()).name.startswith(temporary.PREFIX)
    script = "import tempfile; from tests import temporary; temporary.use_own_folder(); print(tempfile.mkdtemp())"
    environment = {"PATH": "", "PYTHONPATH": str(Path(__file__).parents[1])}
    made = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    folder = Path(made.stdout.strip())
    assert folder.parent.name.startswith(temporary.PREFIX)
    assert not folder.parent.exists()
