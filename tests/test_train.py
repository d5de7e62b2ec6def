"""The command line: a run from flags to an export, and one clear line for every mistake."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.datasets import celeba_miniature

ROOT = Path(__file__).parents[1]


def train(*flags: str, timeout: float = 300) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "train.py"), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def test_celeb_a_from_its_original_archive_to_a_saved_model(tmp_path):
    celeba_miniature.prepare(tmp_path / "data")
    run = train(
        *(
            "--model=realnvp",
            "--dataset=celeb_a",
            "--steps=2",
            "--batch_size=4",
            f"--set=data.data_dir={tmp_path}/data",
        ),
        *("--set=model.scales=2", "--set=model.width=4", "--set=model.blocks=1", f"--workdir={tmp_path}/run"),
        f"--export_dir={tmp_path}/exported",
    )
    assert run.returncode == 0, run.stderr[-3000:]
    folder = tmp_path / "exported" / "realnvp_celeb_a"
    for name in ("Test score", "SavedModel", "Samples", "Model card", "Training", "In Python"):
        assert name in run.stdout
    record = json.loads((folder / "config.json").read_text())
    assert record == {
        **json.loads((tmp_path / "run" / "config.json").read_text()),
        "event": {"shape": [64, 64, 3], "dtype": "uint8", "levels": 256, "classes": 0},
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["num_events"] == 8
    assert metrics["steps"] == 2
    assert metrics["bits_per_dim"] == pytest.approx(-metrics["nats"] / (64 * 64 * 3 * np.log(2)))
    sample = tf.saved_model.load(folder / "1").signatures["sample"]
    x = sample(seed=tf.constant([[0, 1]]), temperature=tf.constant([0.7]))["x"]
    assert (x.dtype, x.shape) == (tf.uint8, (1, 64, 64, 3))
    assert zoo.load(str(folder)).log_prob(x).shape == (1,)


MISTAKES = {
    "model": (["--model=real_nvp"], r"Expected `--model` to be one of ['realnvp'", "model='real_nvp'"),
    "dataset": (["--dataset=digitz"], "'digits'", "'digitz'"),
    "strategy": (["--strategy=both"], "none|mirrored|multi_worker|tpu", "--strategy=both"),
    "key": (["--set=model.depth=3"], "['scales', 'width', 'blocks'", "depth"),
    "type": (["--set=model.width=wide"], "--set=model.width to be of type int", "'wide'"),
    "assignment": (["--set=model.width"], "--set=section.key=value", "'model.width'"),
    "batch": (["--batch_size=5000"], "at most the 1297 events", "batch_size=5000"),
    "positional": (["digits"], "--name=value", "['digits']"),
    "event": (["--dataset=toy/rings", "--set=model.blocks=2"], "['couplings', 'width', 'depth']", "blocks"),
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
    "workdir": (["--workdir={tmp}/other"], "another --workdir", "1 there, 0 here"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_gets_one_clear_line_soon_and_loses_nothing(mistake, tmp_path):
    flags, rule, received = MISTAKES[mistake]
    (tmp_path / "file").write_text("kept")
    zoo.config("realnvp", "digits", seed=1).claim(tmp_path / "other")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    given = {flag.split("=")[0]: flag.format(tmp=tmp_path) for flag in flags}
    defaults = {"--model": "--model=realnvp", "--dataset": "--dataset=digits"}
    defaults |= {"--workdir": f"--workdir={tmp_path}/run", "--export_dir": f"--export_dir={tmp_path}/exported"}
    start = time.monotonic()
    run = train(*{**defaults, **given}.values(), timeout=60)
    seconds = time.monotonic() - start
    assert run.returncode != 0
    assert "Traceback" not in run.stderr, run.stderr
    said = [line for line in run.stderr.splitlines() if rule.format(tmp=tmp_path) in line]
    assert len(said) == 1, run.stderr
    assert received.format(tmp=tmp_path) in said[0]
    assert {path: path.read_bytes() for path in before} == before
    assert not (tmp_path / "run" / "checkpoints").exists()
    assert seconds < 20, "the ten seconds of a quiet machine, twice over for a busy one"


def test_help_names_every_flag():
    run = train("--help")
    for flag in (
        "model",
        "dataset",
        "strategy",
        "tpu",
        "epochs",
        "steps",
        "batch_size",
        "learning_rate",
        "seed",
        "workdir",
    ):
        assert f"--{flag}:" in run.stdout
    for flag in ("export_dir", "[no]jit_compile", "[no]mixed_precision", "set"):
        assert f"--{flag}:" in run.stdout
    assert "python train.py --model=realnvp --dataset=celeb_a" in run.stdout
