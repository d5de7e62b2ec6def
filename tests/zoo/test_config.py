"""From flags to the configuration of a run."""

import json

import pytest

import zoo
from tfflows.errors import InputError
from zoo.config import Config


def test_defaults_are_the_preset_of_the_pair():
    config = zoo.configure("realnvp", "digits")
    assert config.model["blocks"] == 1
    assert config.data["n_bits"] == 8
    assert config.settings.schedule == "cosine"
    assert config.id == "realnvp_digits"
    assert zoo.configure("realnvp", "toy/rings").id == "realnvp_toy_rings"


def test_strings_are_read_as_the_type_of_their_key():
    given = {"model.width": "16", "train.learning_rate": "1e-4", "train.clip_norm": "none", "train.jit_compile": "true"}
    config = zoo.configure("realnvp", "digits", overrides={**given, "train.ema": "0", "train.schedule": "constant"})
    assert config.model["width"] == 16
    assert config.train["learning_rate"] == 1e-4
    assert config.train["clip_norm"] is None
    assert config.train["jit_compile"] is True
    assert config.train["ema"] == 0.0
    assert isinstance(config.train["ema"], float)
    assert config.train["schedule"] == "constant"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"model.widht": 3}, r"`--set=model\.` to be one of \['scales', 'width'.*widht"),
        ({"train.lr": 3}, r"`--set=train\.` to be one of \['steps'.*lr"),
        ({"data.bits": 3}, r"`--set=data\.` to be one of \['n_bits'.*bits"),
        ({"optimizer.lr": 3}, r"a section of \['model', 'data', 'train'\]\. Received: set='optimizer\.lr=3'"),
        ({"model.width": "wide"}, r"--set=model\.width to be of type int\. Received: 'wide'"),
        ({"model.width": "1.5"}, r"--set=model\.width to be of type int\. Received: 1\.5"),
        ({"train.jit_compile": "1"}, r"--set=train\.jit_compile to be of type bool\. Received: 1"),
        ({"train.patience": "soon"}, r"--set=train\.patience to be of type int or None\. Received: 'soon'"),
        ({"train.ema": "1.0"}, r"`ema` to be in \[0, 1\)\. Received: ema=1\.0"),
        ({"train.schedule": "linear"}, r"`schedule` to be one of \['constant', 'cosine'\]"),
        ({"train.batch_size": 0}, r"`batch_size` to be 1 or more"),
        ({"data.n_bits": 5}, r"`n_bits`.*digits.*Received: n_bits=5"),
    ],
)
def test_wrong_settings_are_named_with_their_choices(overrides, message):
    with pytest.raises(InputError, match=message):
        zoo.configure("realnvp", "digits", overrides=overrides)


def test_unknown_names_list_the_known():
    with pytest.raises(InputError, match=r"`--model` to be one of \['nice', 'realnvp'.*Received: model='real_nvp'"):
        zoo.configure("real_nvp", "digits")
    with pytest.raises(InputError, match=r"digits.*toy/rings.*digitz"):
        zoo.configure("realnvp", "digitz")


def test_workdir_belongs_to_one_configuration(tmp_path):
    config = zoo.configure("realnvp", "digits")
    assert config.claim(tmp_path / "run") == tmp_path / "run"
    assert Config(**json.loads((tmp_path / "run" / "config.json").read_text())) == config
    longer = zoo.configure("realnvp", "digits", overrides={"train.steps": 5000})
    longer.claim(tmp_path / "run")
    wider = zoo.configure("realnvp", "digits", seed=4, overrides={"model.width": 64})
    with pytest.raises(
        InputError, match=r"another --workdir.*seed='0 there, 4 here'.*model\.width='32 there, 64 here'"
    ):
        wider.claim(tmp_path / "run")
    assert Config(**json.loads((tmp_path / "run" / "config.json").read_text())) == config


def test_workdir_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--workdir to be a folder that can be written\. Received: workdir="):
        zoo.configure("realnvp", "digits").claim(tmp_path / "file" / "run")
