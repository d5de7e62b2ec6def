"""The emulator as a command: TF Serving's flags, and one line for a mistake of the user."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from tests.serving.expected import assert_near, digits
from tfflows.errors import InputError
from tfflows.serving import Client
from tools.emulator import __main__ as emulator
from tools.emulator import repository
from tools.emulator.batching import Batching
from tools.emulator.server import Emulator
from tools.emulator.signature import Signature

X = digits(3)


def test_help_says_what_it_is(capsys):
    with pytest.raises(SystemExit) as raised:
        emulator.main(["--help"])
    assert raised.value.code == 0
    told = capsys.readouterr().out
    for words in ("emulator of TF Serving", "in production use `tensorflow_model_server`", "--model_config_file"):
        assert words in told


def parameters(*flags: str) -> Batching | None:
    return emulator.batching_parameters(emulator.parse(list(flags)))


def test_flags_of_batching(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text("max_batch_size { value: 2 }")
    assert parameters() is None
    assert parameters("--enable_batching") == Batching()
    assert parameters("--enable_batching", f"--batching_parameters_file={path}") == Batching(max_batch_size=2)
    with pytest.raises(InputError, match="Expected --enable_batching with --batching_parameters_file"):
        parameters(f"--batching_parameters_file={path}")


def test_flags_of_models(tmp_path):
    arguments = emulator.parse(["--model_name=a", "--model_base_path=b"])
    assert emulator.configs(arguments) == [ModelConfig(name="a", base_path="b")]
    assert (arguments.port, arguments.rest_api_port) == (8500, 0)  # TF Serving's


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "Expected --model_base_path with --model_name, or --model_config_file."),
        (["--model_base_path=/"], "Expected a folder with numbered versions of a model."),
        (["--model_config_file=/nope"], "Expected a text proto of ModelServerConfig."),
    ],
)
def test_mistake_of_a_user_is_one_line(flags, words):
    with pytest.raises(SystemExit, match=r"tools\.emulator: ") as raised:
        emulator.main(flags)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def config(folder, **fields) -> ModelConfig:
    return ModelConfig(name="digits", base_path=str(folder / "digits"), **fields)


@pytest.mark.parametrize(
    ("policy", "numbers"),
    [
        (None, [2]),
        ({"latest": {}}, [2]),
        ({"latest": {"num_versions": 1}}, [2]),
        ({"latest": {"num_versions": 9}}, [1, 2]),
        ({"all": {}}, [1, 2]),
        ({"specific": {"versions": [2, 1]}}, [1, 2]),
        ({"specific": {"versions": [1]}}, [1]),
    ],
)
def test_policy_chooses_versions(folder, policy, numbers):
    assert repository.select(config(folder, model_version_policy=policy)) == numbers


def test_models_that_cannot_be_served_are_refused(folder, alone):
    three = {"specific": {"versions": [3]}}
    port = int(alone.address.rpartition(":")[2])
    rest_port = int(alone.rest_address.rpartition(":")[2])
    for words, models, ports in (
        (r"`version` to be one of \[1, 2\]", [config(folder, model_version_policy=three)], {}),
        (
            r"label `stable` to name one of \[2\]. Received: version=1",
            [config(folder, version_labels={"stable": 1})],
            {},
        ),
        ("each model once", [config(folder)] * 2, {}),
        (f"free ports. Received: port={port}", [], {"port": port}),
        (f"free ports. Received: port=0, rest_api_port={rest_port}", [], {"rest_port": rest_port}),
    ):
        with pytest.raises(InputError, match=words):
            Emulator(models, **ports)


def test_stopping_waits_for_answers(configs, models, monkeypatch):
    begun, call = threading.Event(), Signature.__call__

    def slow(self, inputs):
        begun.set()
        time.sleep(0.5)
        return call(self, inputs)

    monkeypatch.setattr(Signature, "__call__", slow)
    server = Emulator(configs[:1], rest_port=None)
    with Client(server.address, "digits") as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.log_prob, X)
        begun.wait()
        server.stop()
        assert_near(answer.result(), models["canary"].log_prob(X))
