"""What the commands share: a quiet start, and a one-line error for a mistake of the user."""

import os

import pytest

from tfflows import command
from tfflows.errors import InputError


def write_note(error=None):
    with command.quiet():
        os.write(2, b"a note of a library\n")
        if error:
            raise error


@pytest.mark.parametrize(("level", "printed"), [(None, ""), ("3", ""), ("1", ""), ("0", "a note of a library\n")])
def test_what_a_library_writes_is_withheld(level, printed, monkeypatch, capfd):
    monkeypatch.setenv(command.LEVEL, level) if level else monkeypatch.delenv(command.LEVEL, raising=False)
    write_note()
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == f"{printed}ours\n"
    assert os.environ[command.LEVEL] == (level or "3")


def test_an_import_that_fails_shows_what_was_withheld(monkeypatch, capfd):
    monkeypatch.setenv(command.LEVEL, "3")
    with pytest.raises(ImportError):
        write_note(ImportError())
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "a note of a library\nours\n"


def fail(error):
    raise error


def test_error_of_a_user_is_one_line_and_another_keeps_its_traceback():
    with pytest.raises(SystemExit, match=r"^name: Expected this\.$"):
        command.run(lambda _: fail(InputError("Expected this.")), [], name="name")
    with pytest.raises(ZeroDivisionError):
        command.run(lambda _: fail(ZeroDivisionError()), [], name="name")
