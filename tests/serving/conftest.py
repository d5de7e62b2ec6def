"""Small models in a folder with TF Serving's layout, and emulators of them, one with batching and one without."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

import zoo
from tests.serving.expected import digits
from tests.training import small_run
from tfflows.models import GenerativeModel
from tfflows.servable import Servable
from tools.emulator.batching import Batching
from tools.emulator.server import Emulator
from zoo.pretrained import exported_folder

TOY = "maf_toy_eight_gaussians"
BATCHING = Batching(max_batch_size=16, batch_timeout_micros=20_000, allowed_batch_sizes=(4, 16), num_batch_threads=2)


@pytest.fixture(scope="session")
def models() -> dict[str, GenerativeModel]:
    """Live models by their names on the servers; `digits` has two versions."""
    canary, classes = small_run.initialized(), small_run.model(conditional=True)
    x = digits(64)
    classes.initialize(x, np.arange(64) % 10)
    for variable in (*canary.trainable_variables, *classes.trainable_variables):
        variable.assign_add(keras.random.normal(variable.shape, stddev=0.05, seed=1))
    return {"digits": small_run.initialized(), "canary": canary, "classes": classes, "toy": zoo.load(TOY)}


@pytest.fixture(scope="session")
def folder(models, tmp_path_factory) -> Path:
    """The models, exported; the toy already is."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "toy").symlink_to(exported_folder(TOY).resolve())
    places = {"digits": "digits/1", "canary": "digits/2", "classes": "classes/1"}
    for name, place in places.items():
        Servable(models[name]).save(folder / place)
    return folder


@pytest.fixture(scope="session")
def configs(folder) -> list[ModelConfig]:
    return [
        ModelConfig(
            name="digits",
            base_path=str(folder / "digits"),
            model_version_policy={"specific": {"versions": [1, 2]}},
            version_labels={"stable": 1, "canary": 2},
        ),
        ModelConfig(name="classes", base_path=str(folder / "classes")),
        ModelConfig(name="toy", base_path=str(folder / "toy")),
    ]


@pytest.fixture(scope="session")
def alone(configs) -> Iterator[Emulator]:
    """Each request is computed alone."""
    with Emulator(configs) as server:
        yield server


@pytest.fixture(scope="session")
def together(configs) -> Iterator[Emulator]:
    """Requests that arrive together are computed together."""
    with Emulator(configs, batching=BATCHING) as server:
        yield server


@pytest.fixture(params=["grpc", "rest"])
def address(request, alone) -> str:
    return alone.address if request.param == "grpc" else alone.rest_address
