"""Where a number comes from."""

import subprocess
from pathlib import Path

import pytest

from tfflows.export import provenance


@pytest.fixture
def repository(tmp_path):
    """A repository with the committed file a/kept and the file b/ignored, which is not its own."""
    for name in ("a/kept", "b/ignored"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    return tmp_path


def test_commit_is_that_of_the_clone(repository):
    word = provenance.commit(repository / "a")
    assert 7 <= len(word) <= 40
    assert set(word) <= set("0123456789abcdef")
    (repository / "a" / "kept").write_text("changed")
    assert provenance.commit(repository / "a") == f"{word}-dirty"


def test_commit_of_a_repository_around_the_package_is_not_taken(repository):
    assert provenance.commit(repository / "b") == "unknown"
    assert provenance.commit(Path(repository.anchor)) == "unknown"
