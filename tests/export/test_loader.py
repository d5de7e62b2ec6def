"""Exports run without this project and without Python: by TF Serving's loader from C, and by `saved_model_cli`."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from tfflows import noise
from zoo.pretrained import exported_version, rows

ROOT = Path(__file__).parents[2]
TENSORFLOW = Path(importlib.util.find_spec("tensorflow").origin).parent
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
N = 3


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    """The C program, built against the installed TensorFlow."""
    if COMPILER is None or not (TENSORFLOW / "libtensorflow_cc.so.2").exists():
        pytest.skip("needs a C compiler and a TensorFlow for Linux with libtensorflow_cc")
    program = tmp_path_factory.mktemp("loader") / "loader"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{TENSORFLOW / 'include'}", f"-L{TENSORFLOW}"]
    libraries = ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{TENSORFLOW}"]
    source = ROOT / "examples" / "loader.c"
    subprocess.run([COMPILER, *flags, str(source), "-o", str(program), *libraries], check=True)
    return program


def served(loader, version, signature, output, folder, **inputs):
    """What the C program prints for a request."""
    arguments = []
    for name, value in inputs.items():
        value.tofile(folder / f"{name}.bin")
        arguments.append(f"{name}={','.join(map(str, value.shape))}:{folder / name}.bin")
    command = [str(loader), str(version), signature, output, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=QUIET, timeout=300, check=False)


def assert_loads_from_c(loader, row, folder):
    model, version = zoo.load(row["id"]), exported_version(row["id"])
    seed, temperature = noise.sample_seeds(7, N).numpy(), np.full(N, 0.8, np.float32)
    expected = model.sample(N, seed=7, temperature=0.8).numpy()
    run = served(loader, version, "sample", "x", folder, seed=seed, temperature=temperature)
    assert run.returncode == 0, run.stderr
    x = np.array(run.stdout.split(), np.float64).reshape(expected.shape)
    np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-4)
    run = served(loader, version, "log_prob", "log_prob", folder, x=expected)
    scores = model.log_prob(expected, num_importance_samples=int(row["num_importance_samples"]))
    np.testing.assert_allclose(np.array(run.stdout.split(), np.float64), scores, rtol=1e-5, atol=1e-5)


ROWS = {row["id"]: row for row in rows()}
SMALLEST = {row["architecture"]: row["id"] for row in sorted(rows(), key=lambda row: int(row["parameters"]))[::-1]}
# One for each kind of graph: an ODE, the roots of a function, an autoencoder, a cache of keys and values, pixels.
KINDS = ("ffjord", "naf", "flow_vae", "tarflow", "pixelcnn")


@pytest.mark.slow
def test_loader_in_c_gives_the_model_s_numbers(loader, tmp_path):
    assert_loads_from_c(loader, ROWS["realnvp_digits"], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", KINDS)
def test_every_kind_of_graph_loads_from_c(architecture, loader, tmp_path):
    assert_loads_from_c(loader, ROWS[SMALLEST[architecture]], tmp_path)


@pytest.mark.slow
def test_loader_prints_the_error_of_the_graph(loader, tmp_path):
    version = exported_version("nice_digits")
    for x, words in (
        (np.full((2, 8, 8, 1), 99, np.uint8), "Expected each entry of `x` to be in 0..16. Received: x=99 in row 0."),
        (np.zeros((2, 64), np.uint8), "Expected `x` of shape [batch, 8, 8, 1]. Received: shape=[2 64]."),
    ):
        run = served(loader, version, "log_prob", "log_prob", tmp_path, x=x)
        assert run.returncode == 1
        assert run.stdout == ""
        assert words in run.stderr


def test_loader_names_what_is_not_there(loader, tmp_path):
    version, x = exported_version("maf_toy_eight_gaussians"), np.zeros((1, 2), np.float32)
    for signature, output, missing in (("logprob", "log_prob", "logprob"), ("log_prob", "score", "score")):
        run = served(loader, version, signature, output, tmp_path, x=x)
        assert (run.returncode, run.stdout) == (1, "")
        assert f"loader: {missing}: no such signature, input or output" in run.stderr


def command_line(*arguments):
    program = Path(sys.executable).parent / "saved_model_cli"
    run = subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, env=QUIET, timeout=300, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.slow
def test_command_line_of_tensorflow_samples_as_the_model_does(tmp_path):
    np.savez(tmp_path / "inputs.npz", seed=noise.sample_seeds(7, N).numpy(), temperature=np.full(N, 0.8, np.float32))
    given = ";".join(f"{name}={tmp_path}/inputs.npz[{name}]" for name in ("seed", "temperature"))
    where = ("--dir", str(exported_version("realnvp_digits")), "--tag_set", "serve", "--signature_def", "sample")
    command_line("run", *where, "--inputs", given, "--outdir", str(tmp_path))
    expected = zoo.load("realnvp_digits").sample(N, seed=7, temperature=0.8)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected)
