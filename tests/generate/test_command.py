"""The command `tfflows.generate`: its help, where its picture goes, and what it passes on to a mode."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import flags

import zoo
from tests.generate.models import trained
from tfflows import datasets, figures
from tfflows.config import Config
from tfflows.generate import __main__ as command
from tfflows.generate.modes import MODES
from tfflows.generate.result import Result

ROOT = Path(__file__).parents[2]


def run(mode, *texts):
    values = flags.FlagValues()
    command.define_flags(values)
    values(["generate", "--model=any", *texts])
    command.main(["generate", mode], values)


@pytest.fixture
def passed(monkeypatch, tmp_path):
    """The options that modes get, in place of their pictures of a small model; the current folder is empty."""
    found = {}

    def recorded(mode):
        def function(subject, **options):
            found[mode] = options
            return Result(np.zeros((4, 4, 3), np.uint8), {})

        function.__signature__ = command.inspect.signature(MODES[mode])
        return function

    monkeypatch.setattr(command, "trained", lambda *_: trained("nice"))
    monkeypatch.setattr(command, "MODES", {mode: recorded(mode) for mode in MODES})
    monkeypatch.chdir(tmp_path)
    return found


GIVEN = {
    "sample": (["--label=2", "--n=3", "--temperatures=0.5,1"], {"label": 2, "n": 3, "temperatures": [0.5, 1.0]}),
    "quality": (["--temperature=0.7", "--limit=9"], {"temperature": 0.7, "limit": 9}),
    "reconstruct": (["--draws=2", "--seed=4"], {"draws": 2, "seed": 4}),
    "interpolate": (["--path=spherical", "--steps=5"], {"path": "spherical", "steps": 5}),
    "edit": (["--attributes=a,b", "--strengths=-1,2"], {"attributes": ["a", "b"], "strengths": [-1.0, 2.0]}),
    "ood": (["--other=mnist", "--methods=likelihood"], {"other": "mnist", "methods": ["likelihood"]}),
    "density": ([], {}),
}


@pytest.mark.parametrize(("mode", "texts", "options"), [(mode, *row) for mode, row in GIVEN.items()], ids=GIVEN)
def test_options_that_are_given_reach_the_mode_and_no_others(passed, mode, texts, options):
    run(mode, *texts)
    assert passed == {mode: options}


def test_picture_is_named_after_the_mode_and_the_model(passed, tmp_path, capsys):
    run("density")
    assert [path.name for path in tmp_path.iterdir()] == ["density_nice.png"]
    assert figures.read(tmp_path / "density_nice.png").shape == (4, 4, 3)
    assert capsys.readouterr().out == "Picture density_nice.png\n"


def test_another_dataset_reaches_the_model(passed, monkeypatch):
    recorded = []
    monkeypatch.setattr(command, "trained", lambda *given: recorded.append(given) or trained("nice"))
    run("density", "--dataset=new.csv", "--version=3", "--set=data.seed=1")
    assert recorded == [("any", 3, ["data.seed=1"], "new.csv")]


def test_options_of_the_dataset_of_the_training_are_not_those_of_another(monkeypatch):
    model = zoo.create("nice", event=datasets.event("digits"), width=4, depth=1)
    monkeypatch.setattr(command, "exported_version", lambda *_: Path("exported/mine/1"))
    monkeypatch.setattr(command, "read_config", lambda _: Config("nice", "images/", data={"size": 8, "flatten": False}))
    monkeypatch.setattr(command.zoo, "load", lambda *_, **__: model)
    subject = command.trained("mine", None, [], "digits")
    assert (subject.name, subject.dataset, subject.loaded.name) == ("mine", "digits", "digits")
    assert "size" not in subject.options
    assert subject.options["flatten"] is False


@pytest.mark.slow
def test_help_names_every_mode_and_every_flag():
    words = [sys.executable, "-m", "tfflows.generate", "--help"]
    printed = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False).stdout
    for mode in MODES:
        assert f"\n    {mode} " in printed
    for flag in ("model", "version", "dataset", "output", "arrays", "set", *command.OPTIONS):
        assert f"--{flag}:" in printed
