"""The files in serving/ have TF Serving's formats, and name existing models and versions."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from benchmarks.servers import serving
from tests.serving.expected import assert_near
from tfflows import datasets
from tfflows.export import golden
from tfflows.serving import Client, ServingError
from tools.emulator import batching, textproto

ROOT = Path(__file__).parents[2]
SERVING = ROOT / "serving"
MODELS = textproto.read(SERVING / "models.config", ModelServerConfig).model_config_list.config
COMPOSE = (SERVING / "compose.yaml").read_text()
# The flags in which the command of docker compose and that of the script must agree.
FLAGS = {
    "--model_config_file": "models.config",
    "--allow_version_labels_for_unavailable_models": "",
    "--enable_batching": "",
    "--batching_parameters_file": "batching.config",
    "--monitoring_config_file": "monitoring.config",
}


def test_models_are_exported_ones():
    assert len(MODELS) >= 3
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert model.base_path == f"/models/{model.name}"
        assert model.model_platform == "tensorflow"
        assert (ROOT / "exported" / model.name / "1" / "saved_model.pb").is_file()


def test_labels_name_versions_that_are_served():
    (digits,) = [model for model in MODELS if model.name == "realnvp_digits"]
    assert dict(digits.version_labels) == {"stable": 1, "canary": 2}
    assert list(digits.model_version_policy.specific.versions) == [1, 2]


def test_allowed_batch_sizes_end_at_the_maximum():
    parameters = batching.read(SERVING / "batching.config")
    assert parameters.allowed_batch_sizes[-1] == parameters.max_batch_size == 64
    assert parameters.allowed_batch_sizes[0] == 1
    assert parameters.batch_timeout_micros > 0


def test_monitoring_is_prometheus():
    text = re.sub(r"#.*", "", (SERVING / "monitoring.config").read_text())
    message = r'\s*prometheus_config \{\s*enable: true\s*path: "/monitoring/prometheus/metrics"\s*\}\s*'
    assert re.fullmatch(message, text)


def test_compose_mounts_what_the_files_name():
    mounts = dict(re.findall(r"^ +- (\.[./\w]*):(/\w+):ro$", COMPOSE, re.MULTILINE))
    assert {(SERVING / source).resolve(): target for source, target in mounts.items()} == {
        ROOT / "exported": "/models",
        SERVING: "/config",
    }
    for flag, file in FLAGS.items():
        assert f"- {flag}={'/config/' + file}" in COMPOSE if file else f"- {flag}\n" in COMPOSE
        assert (SERVING / file).exists()
    assert "image: tensorflow/serving:2.21.0\n" in COMPOSE  # that of the api in setup.cfg
    assert "tensorflow-serving-api>=2.21,<2.22" in (ROOT / "setup.cfg").read_text()
    assert re.findall(r"^ +- 127\.0\.0\.1:(\d+):(\d+)$", COMPOSE, re.MULTILINE) == [("8500", "8500"), ("8501", "8501")]


def script(tmp_path: Path, *arguments: str, **environment: str) -> tuple[list[str], ModelServerConfig]:
    """The flags that serve.sh calls a server with, and the model config."""
    told = tmp_path / "told"
    for name in ("tensorflow_model_server", "python"):
        server = tmp_path / name
        server.write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" > {told}\n')
        server.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(
        [SERVING / "serve.sh", *arguments], check=True, cwd=tmp_path, env={**os.environ, "PATH": path, **environment}
    )
    flags = told.read_text().splitlines()
    (config,) = [flag.partition("=")[2] for flag in flags if flag.startswith("--model_config_file=")]
    return flags, textproto.read(config, ModelServerConfig)


def test_script_calls_the_server(tmp_path):
    flags, config = script(tmp_path, "--rest_api_port=9501")
    assert flags[0] == "tensorflow_model_server"
    assert flags[-1] == "--rest_api_port=9501"
    given = dict(flag.partition("=")[::2] for flag in flags[1:])
    assert set(given) == {*FLAGS, "--port", "--rest_api_port"}
    assert {name: Path(given[name]).name if file else given[name] for name, file in FLAGS.items()} == FLAGS
    assert (given["--port"], flags.count("--rest_api_port=8501")) == ("8500", 1)
    for model in config.model_config_list.config:
        assert Path(model.base_path) == ROOT / "exported" / model.name


def test_script_calls_the_emulator(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    flags, config = script(tmp_path, "--loopback", "--port=0", MODELS="elsewhere")
    assert flags[:3] == ["python", "-m", "tools.emulator"]
    assert {flag.partition("=")[0] for flag in flags[3:]} == {
        *("--port", "--rest_api_port", "--model_config_file", "--enable_batching", "--batching_parameters_file")
    }
    assert {Path(model.base_path).parent for model in config.model_config_list.config} == {tmp_path / "elsewhere"}


@pytest.mark.slow
def test_the_whole_set_up_runs_with_the_emulator(tmp_path):
    for model in MODELS:
        (tmp_path / model.name).symlink_to(ROOT / "exported" / model.name)
    images = datasets.load("digits").test.arrays(32)["x"]

    command = [SERVING / "serve.sh", "--loopback"]
    with serving(command, model="glow_digits", MODELS=str(tmp_path)) as server:
        for model in MODELS:
            with Client(server.address, model.name) as grpc, Client(server.rest_address, model.name) as rest:
                x = grpc.sample(2, seed=0)
                assert_near(rest.log_prob(x), grpc.log_prob(x))
        for address in (server.address, server.rest_address):
            for label, version in (("stable", "1"), ("canary", "2")):
                with Client(address, "realnvp_digits", version_label=label) as client:
                    expected = golden.read(ROOT / "exported" / "realnvp_digits" / version)
                    np.testing.assert_allclose(client.log_prob(images), expected, rtol=1e-4)
            with (
                Client(address, "realnvp_digits", max_batch_size=65) as client,
                pytest.raises(ServingError, match="larger than maximum"),
            ):
                client.log_prob(np.zeros((65, 8, 8, 1), np.uint8))
    assert server.process.returncode == 0
