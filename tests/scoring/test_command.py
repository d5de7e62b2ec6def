"""The command `python -m tfflows.scoring`: flags become arguments of `score`, and mistakes become one line."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.scoring import running
from tests.scoring.test_resume import stop_after
from tfflows.command import LEVEL

COMMANDS = ("tfflows.scoring", "tfflows.score")


def files(folder, model):
    np.save(folder / "x.npy", running.points(3))
    return [f"--model={model}", f"--input={folder / 'x.npy'}", f"--output={folder / 'scores.csv'}"]


def process(module, *flags):
    environment = {name: value for name, value in os.environ.items() if name != LEVEL}
    command = [sys.executable, "-m", module, *flags]
    options = {"cwd": running.ROOT, "env": environment, "capture_output": True, "text": True}
    run = subprocess.run(command, check=False, **options)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.slow
def test_command_prints_the_report(tmp_path):
    flags = ("--model=realnvp_digits", "--version=1", "--input=digits", f"--output={tmp_path / 'scores.csv'}")
    printed = running.command(*flags, "--split=validation", "--flag_below_quantile=0.01").splitlines()
    assert [line.split()[0] for line in printed] == ["Rows", "Score", "Outliers", "Output"]
    assert printed[0].endswith("of digits by realnvp_digits, version 1")
    assert (tmp_path / "scores.csv").read_text().startswith('"log_prob","bits_per_dim","outlier"')


def test_settings_of_the_command_reach_the_run(labeled, tmp_path, monkeypatch):
    rows = running.digits(20)
    np.save(tmp_path / "x.npy", rows["x"])
    np.save(tmp_path / "label.npy", rows["label"])
    where = [f"--model={labeled}", f"--input={tmp_path}/x.npy", f"--output={tmp_path}/scores.npy"]
    where += [f"--labels={tmp_path}/label.npy", "--part_rows=5"]
    with monkeypatch.context() as patch:
        stop_after(patch, 2, RuntimeError("lost power"))
        with pytest.raises(RuntimeError, match="lost power"):
            running.command(*where, "--batch_size=5")
    with pytest.raises(SystemExit, match="batch_size='5 before, 4 now'"):
        running.command(*where, "--batch_size=4")
    assert "Rows      20 of" in running.command(*where, "--batch_size=4", "--restart")


MISTAKES = {
    "model": (["--model=no such"], "'realnvp_digits'"),
    "section": (["--input=toy/rings", "--set=model.width=1"], "--set=data.key=value only"),
    "option": (["--input=toy/rings", "--set=data.depth=1"], "data.depth='1'"),
    "assignment": (["--input=toy/rings", "--set=data.flip"], "Expected --set=section.key=value"),
    "data_dir": (["--input=toy/rings", "--data_dir=/nope"], "data_dir='/nope'"),
    "quantile": (["--flag_below_quantile=1"], "to be between 0 and 1"),
    "arguments": (["stray"], "Expected only flags of the form --name=value. Options of Apache Beam go after --"),
    "options": (["--", "--direct_num_workers=2"], "with a --runner of Beam"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_ends_the_command_with_one_line(name, toy, tmp_path):
    more, rule = MISTAKES[name]
    with pytest.raises(SystemExit) as end:
        running.command(*files(tmp_path, toy), *more)
    line = str(end.value.code)
    assert line.startswith("tfflows.scoring: ")
    assert rule in line
    assert "\n" not in line


def test_interrupted_command_says_how_to_go_on(toy, tmp_path, monkeypatch, capsys):
    stop_after(monkeypatch, 1, KeyboardInterrupt())
    with pytest.raises(SystemExit) as end:
        running.command(*files(tmp_path, toy), "--part_rows=1")
    assert end.value.code == 130
    assert capsys.readouterr().err.endswith("Stopped. 1 of 3 parts are finished; run it again to continue.\n")


@pytest.mark.slow
def test_nothing_is_printed_but_the_one_line(tmp_path):
    code, printed, errors = process("tfflows.scoring", *files(tmp_path, "no such"))
    assert (code, printed) == (1, "")
    assert errors.startswith("tfflows.scoring: Expected `name` to be one of")
    assert errors.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("module", COMMANDS)
def test_help_names_every_flag(module):
    _, printed, errors = process(module, "--help")
    assert errors == ""
    names = ("model", "version", "input", "output", "labels", "split", "data_dir", "set")
    for flag in (*names, "flag_below_quantile", "keep"):
        assert f"--{flag}:" in printed
    for flag in ("batch_size", "part_rows", "[no]restart", "runner"):
        assert f"--{flag}:" in printed
    assert "python -m tfflows.scoring --model=realnvp_digits --input=digits" in printed
