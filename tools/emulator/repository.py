"""The models of a server: loaded versions, by number and by label."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from tfflows import versions
from tfflows.errors import check
from tfflows.serving.status import ServingError
from tools.emulator.batching import Batching
from tools.emulator.signature import Signature

DEFAULT_SIGNATURE = "serving_default"


class LoadedVersion:
    """One loaded version of one model.

    Args:
        folder: Folder of the SavedModel.
        number: Number of the version.
        batching: Batching parameters of each signature; None computes each request alone.
    """

    def __init__(self, folder: Path, number: int, batching: Batching | None):
        self.number = number
        self._loaded = tf.saved_model.load(str(folder))  # kept, as signatures alone do not keep their variables
        self.signatures = {
            name: Signature(self._loaded.signatures[name], definition, batching)
            for name, definition in definitions(folder).items()
        }

    def predict(self, signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs of a signature by name.

        Raises:
            ServingError: The signature does not exist, or it refuses the inputs.
        """
        return self.signature(signature_name)(inputs)

    def signature(self, name: str) -> Signature:
        """The signature of this name, or a `ServingError`."""
        if name not in self.signatures:
            raise ServingError("INVALID_ARGUMENT", f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]


def definitions(folder: Path) -> dict[str, SignatureDef]:
    """The signature definitions of the SavedModel in `folder`, by name."""
    saved = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    found = saved.meta_graphs[0].signature_def
    return {name: found[name] for name in found if not name.startswith("__")}  # `__saved_model_init_op` is not one


class Repository:
    """All loaded versions of the given models.

    Args:
        models: Models, as in TF Serving's model config file.
        batching: Batching parameters of each signature; None computes each request alone.

    Raises:
        InputError: A folder does not hold a version that is asked for; a label names a version that is not served.
    """

    def __init__(self, models: Iterable[ModelConfig], batching: Batching | None = None):
        self._versions: dict[str, dict[int, LoadedVersion]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        for model in models:
            check(model.name not in self._versions, "Expected each model once.", name=model.name)
            numbers = select(model)
            for label, number in model.version_labels.items():
                check(number in numbers, f"Expected label `{label}` to name one of {numbers}.", version=number)
            self._versions[model.name] = {
                number: LoadedVersion(Path(model.base_path) / str(number), number, batching) for number in numbers
            }
            self._labels[model.name] = dict(model.version_labels)

    def version(self, spec: ModelSpec) -> LoadedVersion:
        """The version that a request asks for: by number, by label, or the newest.

        Raises:
            ServingError: No such version is served.
        """
        wanted = self._number(spec)
        served = self._versions.get(spec.name, {})
        if wanted is None and served:
            return served[max(served)]
        if wanted not in served:
            which = f"Latest({spec.name})" if wanted is None else f"Specific({spec.name}, {wanted})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {which}")
        return served[wanted]

    def available(self, spec: ModelSpec) -> list[int]:
        """Numbers of the versions that a status request asks for, newest first.

        Raises:
            ServingError: No such version is served.
        """
        wanted = self._number(spec)
        served = self._versions.get(spec.name, {})
        found = [number for number in sorted(served, reverse=True) if wanted in (None, number)]
        if not found:
            which = "any versions" if wanted is None else f"version {wanted}"
            raise ServingError("NOT_FOUND", f"Could not find {which} of model {spec.name}")
        return found

    def _number(self, spec: ModelSpec) -> int | None:
        """Number of the version that a request names; None means the newest."""
        if spec.WhichOneof("version_choice") != "version_label":
            return spec.version.value if spec.HasField("version") else None
        labels = self._labels.get(spec.name, {})
        if spec.version_label not in labels:
            raise ServingError("INVALID_ARGUMENT", f"Unrecognized servable version label: {spec.version_label}")
        return labels[spec.version_label]


def select(model: ModelConfig) -> list[int]:
    """Numbers of the versions that a model's policy selects, ascending; without a policy, the newest one.

    Raises:
        InputError: One of them does not exist, or the folder has no versions.
    """
    policy = model.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific":
        return sorted(versions.select(model.base_path, number) for number in policy.specific.versions)
    newest = versions.select(model.base_path)
    known = versions.numbers(model.base_path)
    if kind == "all":
        return known
    return known[-policy.latest.num_versions :] if policy.latest.num_versions else [newest]
