"""The page of settings, docs/settings.md, is that of the docstrings, which describe every setting."""

import shutil

import pytest

from tfflows.training import TrainSettings
from tools import marks, settings


def test_page_is_that_of_the_docstrings(tmp_path):
    copy = tmp_path / settings.PAGE.name
    shutil.copy(settings.PAGE, copy)
    for name, text in settings.tables().items():
        marks.renew(copy, name, text)
    assert copy.read_text() == settings.PAGE.read_text(), "run `python -m tools.settings`"


def test_description_of_several_lines_is_one_cell():
    description = settings.arguments(TrainSettings)["input_noise"]
    assert description.startswith("Standard deviation of Gaussian noise that training adds")
    assert description.endswith("0 for none.")
    row = settings.table(TrainSettings, {"input_noise": 0.0}, "train.").splitlines()[-1]
    assert row == f"| `train.input_noise` | `0.0` | {description} |"


def test_setting_without_a_description_is_an_error():
    with pytest.raises(KeyError, match="speed"):
        settings.table(TrainSettings, {"speed": 1}, "train.")
