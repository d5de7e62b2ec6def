"""From flags to the configuration of a run."""

import json

import pytest

import zoo
from tfflows.config import Config, read_config
from tfflows.errors import InputError
from tfflows.overrides import assignments
from zoo.pretrained import exported_version


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
        ({"model.widht": 3}, r"a setting of `model` to be one of \['scales', 'width'.*Received: model\.widht=3"),
        ({"train.lr": 3}, r"a setting of `train` to be one of \['steps'.*train\.lr=3"),
        ({"data.bits": 3}, r"a setting of `data` to be one of \['n_bits'.*data\.bits=3"),
        ({"optimizer.lr": 3}, r"a section among \['model', 'data', 'train'\]\. Received: optimizer\.lr=3"),
        ({"model.width": "wide"}, r"`model\.width` to be of type int\. Received: model\.width='wide'"),
        ({"model.width": "1.5"}, r"`model\.width` to be of type int\. Received: model\.width=1\.5"),
        ({"train.jit_compile": "1"}, r"`train\.jit_compile` to be of type bool\. Received: train\.jit_compile=1"),
        ({"train.patience": "soon"}, r"`train\.patience` to be of type int or None\. Received: train\.patience='soon'"),
        ({"train.ema": "1.0"}, r"`ema` to be in \[0, 1\)\. Received: ema=1\.0"),
        ({"train.schedule": "linear"}, r"`schedule` to be one of \['constant', 'cosine'\]"),
        ({"train.batch_size": 0}, r"`batch_size` to be 1 or more"),
        ({"data.n_bits": 5}, r"`n_bits`.*digits.*Received: n_bits=5"),
    ],
)
def test_wrong_settings_are_named_with_their_choices(overrides, message):
    with pytest.raises(InputError, match=message):
        zoo.configure("realnvp", "digits", overrides=overrides)


@pytest.mark.parametrize("name", ["1a", "a/b", "../x", ".a", "a b", "aä", "a\n"])
def test_name_of_a_model_is_a_word(name):
    with pytest.raises(
        InputError, match=r"^Expected --name to start with a letter and to hold letters, digits,"
    ) as raised:
        zoo.configure("realnvp", "digits", name=name)
    assert str(raised.value).endswith(f"Received: name={name!r}.")


def test_name_of_a_model_is_its_id():
    assert zoo.configure("realnvp", "digits", name="my_model-2.1").id == "my_model-2.1"


def test_unknown_names_list_the_known():
    with pytest.raises(InputError, match=r"`--model` to be one of \['nice', 'realnvp'.*Received: model='real_nvp'"):
        zoo.configure("real_nvp", "digits")
    with pytest.raises(InputError, match=r"digits.*toy/rings.*digitz"):
        zoo.configure("realnvp", "digitz")


def test_workdir_belongs_to_one_configuration(tmp_path):
    config = zoo.configure("realnvp", "digits")
    assert config.save_to(tmp_path / "run") == tmp_path / "run"
    assert Config(**json.loads((tmp_path / "run" / "config.json").read_text())) == config
    longer = zoo.configure("realnvp", "digits", overrides={"train.steps": 5000, "train.eval_batch_size": 64})
    longer.save_to(tmp_path / "run")
    wider = zoo.configure("realnvp", "digits", seed=4, overrides={"model.width": 64})
    with pytest.raises(
        InputError, match=r"another --workdir.*seed='0 before, 4 now'.*model\.width='32 before, 64 now'"
    ):
        wider.save_to(tmp_path / "run")
    assert Config(**json.loads((tmp_path / "run" / "config.json").read_text())) == longer


def test_passes_replace_the_steps_of_a_preset():
    assert zoo.configure("realnvp", "mnist").train["steps"] == 18_000
    passes = zoo.configure("realnvp", "mnist", overrides={"train.epochs": 5}).settings
    assert (passes.steps, passes.epochs) == (None, 5)
    both = zoo.configure("realnvp", "mnist", overrides={"train.epochs": 5, "train.steps": 9}).settings
    assert both.steps == 9


def test_workdir_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--workdir to be a folder that can be written\. Received: workdir="):
        zoo.configure("realnvp", "digits").save_to(tmp_path / "file" / "run")


def saved(path, text):
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


RECORD = {"architecture": "realnvp", "dataset": "digits", "seed": 3, "model": {"width": 16}, "event": {"shape": [8]}}


def test_file_of_an_export_is_read_whatever_its_version_left_out(tmp_path):
    config = read_config(saved(tmp_path / "config.json", RECORD))
    assert config == Config("realnvp", "digits", 3, {"width": 16})
    assert config.overrides == {"model.width": 16}
    complete = zoo.configure(config.architecture, config.dataset, overrides=config.overrides)
    assert (complete.model["width"], complete.model["scales"], complete.name) == (16, 2, "")


def test_file_of_a_pretrained_model_is_its_configuration():
    for name in ("realnvp_digits", "vae_dynamic_mnist", "planar_energy_u1"):
        config = read_config(exported_version(name) / "config.json")
        again = zoo.configure(config.architecture, config.dataset, seed=config.seed, overrides=config.overrides)
        assert again.overrides.items() >= config.overrides.items()
        assert again.id == config.id == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"the config\.json of an export.*Received: '.*config\.json' \(not JSON: Expecting"),
        ("[]", r"a JSON object\. Received: config='.*config\.json'"),
        ({**RECORD, "modell": {}}, r"`key of .*config\.json` to be one of \['architecture', 'dataset'.*'modell'"),
        ({**RECORD, "model": 3}, r"`model` in .*config\.json to be of type dict\. Received: model=3"),
        ({**RECORD, "seed": "0"}, r"`seed` in .*config\.json to be of type int\. Received: seed='0'"),
        ({"dataset": "digits"}, r"with the key `architecture`\. Received: config='.*config\.json'"),
    ],
)
def test_file_that_holds_something_else_is_refused(text, message, tmp_path):
    with pytest.raises(InputError, match=message) as raised:
        read_config(saved(tmp_path / "config.json", text))
    assert "\n" not in str(raised.value)


def test_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"Received: '.*nope' \(No such file or directory\)"):
        read_config(tmp_path / "nope")
    with pytest.raises(InputError, match=r"Received: '.*' \(Is a directory\)"):
        read_config(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"not JSON: 'utf-8'"):
        read_config(tmp_path / "binary")


def test_assignments_are_split_at_the_first_equals_sign():
    assert assignments(["model.posterior=4 iaf", "data.data_dir=a=b"]) == {
        "model.posterior": "4 iaf",
        "data.data_dir": "a=b",
    }
    with pytest.raises(InputError, match=r"--set=section\.key=value\. Received: set='model\.width'"):
        assignments(["model.width"])


def test_damaged_configuration_of_a_workdir_is_named(tmp_path):
    for text, message in {"{": "not JSON", '{"architecture": "nsf"}': "with the key `dataset`"}.items():
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(InputError, match=message):
            zoo.configure("realnvp", "digits").save_to(tmp_path)
