"""The commands of the maintainers: help, and one line for a mistake."""

import importlib

import pytest

from tools import command

NAMES = ("archives", "depth", "gaussian", "missing", "ood", "pictures", "publish", "quality", "reexport", "results")
WITHOUT_NAMES = ("missing", "pictures", "publish", "reexport")  # tools that then take all models, or have nothing to do


@pytest.mark.parametrize("name", NAMES)
def test_help_starts_with_the_text_of_the_tool(name, capsys):
    tool = importlib.import_module(f"tools.{name}")
    with pytest.raises(SystemExit) as ended:
        tool.main(["--help"])
    assert ended.value.code == 0
    assert tool.__doc__.splitlines()[0] in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(WITHOUT_NAMES)))
def test_missing_argument_is_named(name, capsys):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"tools.{name}").main([])
    assert ended.value.code == 2
    assert "the following arguments are required" in capsys.readouterr().err


def test_errors_of_the_code_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), command.errors_in_one_line("tools.some"):
        raise ZeroDivisionError
