"""The command line: a run from flags to an export, and one clear line for every mistake."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import flagsaver

import train as main
import zoo
from tests.command_line import train
from tests.datasets import celeba_miniature
from tests.offline import disconnect
from tfflows import command
from zoo.pretrained import with_version

ROOT = Path(__file__).parents[1]
LARGE = 2**40 + 1  # a seed of more than 32 bits


def process(*flags: str, timeout: float = 300, **options) -> subprocess.CompletedProcess:
    words = [sys.executable, str(ROOT / "train.py"), *flags]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False, **options)


@pytest.fixture(scope="module")
def celeb_a(tmp_path_factory):
    """What a run on a miniature of the original archive prints, and its workdir."""
    tmp_path = tmp_path_factory.mktemp("celeb_a")
    celeba_miniature.prepare(tmp_path / "data")
    run = process(
        *("--model=realnvp", "--dataset=celeb_a", "--steps=2", "--batch_size=4", "--set=model.scales=1"),
        *("--set=model.width=4", "--set=model.blocks=1", f"--set=data.data_dir={tmp_path}/data", "--seed=-1"),
        *(f"--workdir={tmp_path}/run", f"--export_dir={tmp_path}/exported"),
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout, tmp_path


@pytest.mark.slow
def test_run_says_where_everything_is(celeb_a):
    printed, _ = celeb_a
    for name in ("Test score", "SavedModel", "Samples", "Model card", "Training", "In Python"):
        assert name in printed
    assert "bits_per_dim" in printed
    assert "steps_per_second" in printed


@pytest.mark.slow
def test_configuration_is_in_the_workdir_and_with_the_export(celeb_a):
    _, folder = celeb_a
    event = {"shape": [64, 64, 3], "dtype": "uint8", "levels": 256, "classes": 0}
    config = json.loads((folder / "run" / "config.json").read_text())
    assert json.loads((folder / "exported/realnvp_celeb_a/config.json").read_text()) == {**config, "event": event}
    assert (config["train"]["steps"], config["train"]["batch_size"], config["model"]["width"]) == (2, 4, 4)


@pytest.mark.slow
def test_celeb_a_comes_out_as_a_saved_model(celeb_a):
    _, folder = celeb_a
    exported = folder / "exported" / "realnvp_celeb_a"
    metrics = json.loads((exported / "metrics.json").read_text())
    assert (metrics["num_events"], metrics["steps"]) == (8, 2)
    assert metrics["bits_per_dim"] == pytest.approx(-metrics["nats"] / (64 * 64 * 3 * np.log(2)))
    sample = tf.saved_model.load(exported / "1").signatures["sample"]
    x = sample(seed=tf.constant([[0, 1]]), temperature=tf.constant([0.7]))["x"]
    assert (x.dtype, x.shape) == (tf.uint8, (1, 64, 64, 3))
    assert zoo.load(str(exported)).log_prob(x).shape == (1,)


@pytest.fixture(scope="module")
def energy(tmp_path_factory):
    """What a short run on a target prints, and the folder that it worked in."""
    folder = tmp_path_factory.mktemp("energy")
    printed = train(
        *("--model=planar", "--dataset=energy/u1", "--steps=4", "--batch_size=64", "--set=model.inverted=false"),
        *("--set=model.layers=1", f"--seed={LARGE}", f"--workdir={folder}/run", f"--export_dir={folder}/exported"),
    )
    return printed, folder


@pytest.mark.slow
@pytest.mark.parametrize(("run", "seed"), [("celeb_a", -1), ("energy", LARGE)])
def test_any_integer_is_a_seed(run, seed, request):
    _, folder = request.getfixturevalue(run)
    (metrics,) = folder.glob("exported/*/metrics.json")
    assert json.loads(metrics.read_text())["seed"] == seed


@pytest.mark.slow
def test_energy_takes_the_same_command(energy):
    printed, folder = energy
    warning = "Warning: a target is fitted by sampling, and a sample of planar takes one network pass and a root search"
    assert warning in printed
    exported = folder / "exported" / "planar_energy_u1"
    metrics = json.loads((exported / "metrics.json").read_text())
    score = f"Test score  ELBO {metrics['elbo']:.3f} +- {metrics['elbo_se']:.3f} nats, log Z {metrics['log_z']:.3f}"
    assert score in printed
    assert "(the truth: 1.878)" in printed
    assert zoo.load(str(exported)).sample(3, seed=0).shape == (3, 2)


@pytest.mark.slow
def test_model_card_says_how_to_train_the_same_model_again(energy, tmp_path, monkeypatch):
    exported = energy[1] / "exported" / "planar_energy_u1"
    (line,) = [line for line in (exported / "README.md").read_text().splitlines() if "train.py" in line]
    _, _, flag = line.split("`")[3].split()
    monkeypatch.chdir(exported)
    train(flag, f"--workdir={tmp_path}/run", f"--export_dir={tmp_path}/exported")
    again = tmp_path / "exported" / "planar_energy_u1"
    assert (again / "config.json").read_text() == (exported / "config.json").read_text()
    scores = [json.loads((folder / "metrics.json").read_text())["elbo"] for folder in (again, exported)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


def configuration(*flags: str):
    """The configuration that the command line asks for."""
    with flagsaver.flagsaver():
        main.FLAGS(["train.py", *flags])
        return main.configuration()


def test_flags_override_the_file(tmp_path):
    changes = {"model.width": 24, "train.epochs": 7, "train.batch_size": 16}
    old = zoo.configure("realnvp", "digits", seed=5, name="mine", overrides=changes)
    file = f"--config={old.save_to(tmp_path) / 'config.json'}"
    assert configuration(file) == old
    new = configuration(file, "--seed=0", "--name=yours", "--batch_size=8", "--steps=9", "--set=model.blocks=2")
    changes = {**changes, "train.batch_size": 8, "train.steps": 9, "model.blocks": 2}
    assert new == zoo.configure("realnvp", "digits", seed=0, name="yours", overrides=changes)
    new = configuration(
        file, "--seed=0", "--name=yours", "--learning_rate=0.25", "--jit_compile", "--mixed_precision", "--epochs=3"
    )
    changes = {"model.width": 24, "train.batch_size": 16, "train.learning_rate": 0.25, "train.epochs": 3}
    changes |= {"train.jit_compile": True, "train.mixed_precision": True}
    assert new == zoo.configure("realnvp", "digits", seed=0, name="yours", overrides=changes)
    other = configuration(file, "--model=glow")
    changes = {f"train.{name}": value for name, value in old.train.items()}
    assert other == zoo.configure("glow", "digits", seed=5, overrides=changes)


def test_passes_replace_the_steps_of_the_file(tmp_path):
    old = zoo.configure("realnvp", "digits", overrides={"train.steps": 50})
    file = f"--config={old.save_to(tmp_path) / 'config.json'}"
    for flag in ("--epochs=5", "--set=train.epochs=5"):
        assert configuration(file, flag).settings.steps is None
        assert configuration(file, flag, "--steps=9").settings.steps == 9


def test_another_dataset_or_model_is_another_name(tmp_path):
    old = zoo.configure("realnvp", "digits", name="mine")
    file = f"--config={old.save_to(tmp_path) / 'config.json'}"
    assert configuration(file, "--seed=1").id == "mine"
    assert configuration(file, "--model=realnvp", "--dataset=digits").id == "mine"
    assert configuration(file, "--dataset=mnist").id == "realnvp_mnist"
    assert configuration(file, "--model=glow").id == "glow_digits"
    assert configuration(file, "--model=glow", "--name=yours").id == "yours"


def test_pretrained_model_gives_the_settings_and_keeps_its_name(tmp_path):
    tuned = configuration("--init=realnvp_digits", "--steps=9", "--name=mine")
    pretrained = configuration("--config=exported/realnvp_digits/config.json", "--steps=9", "--name=mine")
    assert tuned == dataclasses.replace(pretrained, init=with_version("realnvp_digits"))
    ids = [configuration("--init=realnvp_digits", *flag).id for flag in ([], ["--dataset=mnist"])]
    assert ids == ["realnvp_digits_tuned", "realnvp_mnist"]
    assert configuration(again := f"--config={tuned.save_to(tmp_path) / 'config.json'}") == tuned
    assert configuration(again, "--init=").init == configuration(again, "--model=glow").init == ""


def test_without_a_file_the_presets_count():
    assert configuration("--model=realnvp") == zoo.configure("realnvp", "digits")


MISTAKES = {
    "model": (["--model=real_nvp"], r"Expected `--model` to be one of ['nice', 'realnvp'", "model='real_nvp'"),
    "dataset": (["--dataset=digitz"], "'digits'", "'digitz'"),
    "strategy": (["--strategy=both"], "none|mirrored|multi_worker|tpu", "--strategy=both"),
    "key": (["--set=model.depth=3"], "['scales', 'width', 'blocks'", "depth"),
    "type": (["--set=model.width=wide"], "`model.width` to be of type int", "'wide'"),
    "no model": (["--model="], "Expected --model=ARCHITECTURE, --config=FILE or --init=PRETRAINED", "model=''"),
    "no init": (["--init=realnvp_digitz"], "Expected `name` to be one of", "name='realnvp_digitz'"),
    "no file": (["--config={tmp}/nope"], "Expected the config.json of an export", "(No such file or directory)"),
    "no JSON": (["--config={tmp}/file"], "Expected the config.json of an export", "not JSON: Expecting value"),
    "old key": (["--config={tmp}/old.json"], "a setting of `model` to be one of ['scales'", "model.depth=3"),
    "old section": (["--config={tmp}/older.json"], "one of ['architecture', 'dataset'", "'optimizer'"),
    "assignment": (["--set=model.width"], "--set=section.key=value", "'model.width'"),
    "batch": (["--batch_size=5000"], "at most the 1297 events", "batch_size=5000"),
    "positional": (["digits"], "--name=value", "['digits']"),
    "event": (["--dataset=toy/rings", "--set=model.blocks=2"], "['couplings', 'width', 'depth', 'base']", "blocks"),
    "annealing": (
        ["--dataset=toy/rings", "--set=train.anneal_steps=9"],
        "`anneal_steps` to be 1 for 'toy/rings'",
        "anneal_steps=9",
    ),
    "samples": (
        ["--dataset=toy/rings", "--set=train.num_importance_samples=9"],
        "more samples would not tighten",
        "num_importance_samples=9",
    ),
    "gpu": (["--strategy=mirrored"], "--strategy=mirrored to find a GPU", "gpus=0"),
    "workers": (["--strategy=multi_worker"], "TF_CONFIG", "None"),
    "tpu": (["--strategy=tpu"], "--strategy=tpu to find a TPU", "tpu=''"),
    "tpu name": (["--strategy=none", "--tpu=local"], "--tpu only with --strategy=tpu", "tpu='local'"),
    "download": (["--dataset=svhn_cropped", "--set=data.data_dir={tmp}"], "svhn_cropped", "{tmp}"),
    "export_dir": (
        ["--export_dir={tmp}/file/exported"],
        "--export_dir to be a folder that can be written",
        "/file/exported",
    ),
    "workdir": (["--workdir={tmp}/other"], "another --workdir", "1 before, 0 now"),
}


def mistaken(mistake, folder):
    """The flags of a mistake, in a folder with a file and another run's workdir, and what the error must contain."""
    flags, *answers = MISTAKES[mistake]
    (folder / "file").write_text("kept")
    old = {"architecture": "realnvp", "dataset": "digits"}
    (folder / "old.json").write_text(json.dumps({**old, "model": {"depth": 3}}))
    (folder / "older.json").write_text(json.dumps({**old, "optimizer": {}}))
    zoo.configure("realnvp", "digits", seed=1).save_to(folder / "other")
    given = {flag.split("=")[0]: flag.format(tmp=folder) for flag in flags}
    defaults = {"--model": "--model=realnvp", "--dataset": "--dataset=digits"}
    defaults |= {"--workdir": f"--workdir={folder}/run", "--export_dir": f"--export_dir={folder}/exported"}
    return [*{**defaults, **given}.values()], [answer.format(tmp=folder) for answer in answers]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# absl itself reports a wrong enum value and exits; the process of the tests has two devices.
BY_COMMAND = ("strategy", "gpu")


@pytest.mark.parametrize("mistake", [mistake for mistake in MISTAKES if mistake not in BY_COMMAND])
def test_mistake_gets_one_clear_line_and_loses_nothing(mistake, tmp_path, monkeypatch):
    flags, answers = mistaken(mistake, tmp_path)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    disconnect(monkeypatch)
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as said:
        train(*flags)
    line = str(said.value.code)
    assert line.startswith("train.py: ")
    assert "\n" not in line
    for answer in answers:
        assert answer in line
    assert contents(tmp_path).items() >= before.items()
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize("mistake", BY_COMMAND)
def test_mistake_ends_the_command_soon(mistake, tmp_path):
    flags, (rule, received) = mistaken(mistake, tmp_path)
    run = process(*flags, timeout=60, env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
    assert run.returncode != 0
    assert "Traceback" not in run.stderr, run.stderr
    said = [line for line in run.stderr.splitlines() if rule in line]
    assert len(said) == 1, run.stderr
    assert received in said[0]
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.fixture(scope="module")
def told():
    """What `--help` prints."""
    return process("--help").stdout


@pytest.mark.slow
def test_help_names_every_flag(told):
    for flag in ("model", "dataset", "strategy", "tpu", "epochs", "steps", "batch_size", "learning_rate", "seed"):
        assert f"--{flag}:" in told
    for flag in ("name", "workdir", "export_dir", "[no]jit_compile", "[no]mixed_precision", "set", "config", "init"):
        assert f"--{flag}:" in told
    assert "python train.py --model=realnvp --dataset=celeb_a" in told


@pytest.mark.slow
def test_nothing_is_printed_but_the_one_line():
    run = process("--model=real_nvp", env={name: value for name, value in os.environ.items() if name != command.LEVEL})
    assert run.stdout == ""
    assert run.stderr.startswith("train.py: Expected `--model` to be one of")
    assert run.stderr.count("\n") == 1


@pytest.mark.slow
def test_help_is_that_of_the_script_where_it_is_installed(told):
    script = "import sys; sys.argv = ['tfflows-train', '--help']; from train import cli; sys.exit(cli())"
    words = [sys.executable, "-c", script]
    run = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stdout == told.replace(str(ROOT / "train.py"), "tfflows-train")
