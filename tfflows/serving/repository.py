"""The models that a server holds: which versions of which, under which labels."""

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
from tfflows.serving.batching import Batching
from tfflows.serving.signature import Signature
from tfflows.serving.status import ServingError

DEFAULT_SIGNATURE = "serving_default"


class LoadedVersion:
    """One version of one model.

    Args:
        folder: Of the SavedModel.
        number: Of the version.
        batching: Of each signature; None for none.
    """

    def __init__(self, folder: Path, number: int, batching: Batching | None):
        self.number = number
        self._loaded = tf.saved_model.load(str(folder))  # held, as signatures alone do not keep their variables
        self.signatures = {
            name: Signature(self._loaded.signatures[name], definition, batching)
            for name, definition in definitions(folder).items()
        }

    def predict(self, signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a signature; `ServingError` where there is no such one, or it refuses the inputs."""
        return self.signature(signature_name)(inputs)

    def signature(self, name: str) -> Signature:
        if name not in self.signatures:
            raise ServingError("INVALID_ARGUMENT", f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]


def definitions(folder: Path) -> dict[str, SignatureDef]:
    """The signatures that the SavedModel in `folder` was written with."""
    saved = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    found = saved.meta_graphs[0].signature_def
    return {name: found[name] for name in found if not name.startswith("__")}  # `__saved_model_init_op` is none


class Repository:
    """All versions that `models` ask for, loaded.

    Args:
        models: As in TF Serving's model config file.
        batching: Of each signature of each version; None for none.

    Raises:
        InputError: A folder holds no version, or not one that was asked for; a label names one that is not served.
    """

    def __init__(self, models: Iterable[ModelConfig], batching: Batching | None = None):
        self._versions: dict[str, dict[int, LoadedVersion]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        for model in models:
            check(model.name not in self._versions, "Expected each model once.", name=model.name)
            numbers = chosen(model)
            for label, number in model.version_labels.items():
                check(number in numbers, f"Expected label `{label}` to name one of {numbers}.", version=number)
            self._versions[model.name] = {
                number: LoadedVersion(Path(model.base_path) / str(number), number, batching) for number in numbers
            }
            self._labels[model.name] = dict(model.version_labels)

    def version(self, spec: ModelSpec) -> LoadedVersion:
        """The version that a request asks for: by number, by label, or the newest.

        Raises:
            ServingError: There is none.
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
        """Numbers of the versions that a request of status asks for, newest first.

        Raises:
            ServingError: There is none.
        """
        wanted = self._number(spec)
        served = self._versions.get(spec.name, {})
        found = [number for number in sorted(served, reverse=True) if wanted in (None, number)]
        if not found:
            which = "any versions" if wanted is None else f"version {wanted}"
            raise ServingError("NOT_FOUND", f"Could not find {which} of model {spec.name}")
        return found

    def _number(self, spec: ModelSpec) -> int | None:
        """The version that a request names; None says the newest."""
        if spec.WhichOneof("version_choice") != "version_label":
            return spec.version.value if spec.HasField("version") else None
        labels = self._labels.get(spec.name, {})
        if spec.version_label not in labels:
            raise ServingError("INVALID_ARGUMENT", f"Unrecognized servable version label: {spec.version_label}")
        return labels[spec.version_label]


def chosen(model: ModelConfig) -> list[int]:
    """The versions of a model that its policy asks for, ascending: the newest one, unless it says otherwise.

    Raises:
        InputError: One of them is not there, or none at all.
    """
    policy = model.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific":
        return sorted(versions.chosen(model.base_path, number) for number in policy.specific.versions)
    newest = versions.chosen(model.base_path)
    known = versions.numbers(model.base_path)
    if kind == "all":
        return known
    return known[-policy.latest.num_versions :] if policy.latest.num_versions else [newest]
