"""The configuration of a run, and the JSON file that keeps it."""

import dataclasses
import json
import typing
from pathlib import Path
from typing import Any

from tfflows.datasets.naming import word
from tfflows.errors import InputError, check, check_choice
from tfflows.events import Event
from tfflows.files import atomic_write
from tfflows.overrides import SECTIONS
from tfflows.training.settings import TrainSettings

CHANGEABLE = ("train.steps", "train.epochs", "train.eval_batch_size")  # when a run is continued


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that determines a run.

    Args:
        architecture: Name of the architecture in the registry of the zoo.
        dataset: Name of the dataset.
        seed: Seed of the weights, the order of the data and the noise.
        model: Keyword arguments of the architecture's builder.
        data: Keyword arguments of `datasets.load`.
        train: Keyword arguments of `TrainSettings`.
        name: Name of the trained model; `<architecture>_<dataset>` if empty.
        init: Pretrained model, by id or path, whose weights the training starts from; empty for new weights.
    """

    architecture: str
    dataset: str
    seed: int = 0
    model: dict[str, Any] = dataclasses.field(default_factory=dict)
    data: dict[str, Any] = dataclasses.field(default_factory=dict)
    train: dict[str, Any] = dataclasses.field(default_factory=dict)
    name: str = ""
    init: str = ""

    @property
    def id(self) -> str:
        """Name of the trained model, such as `realnvp_digits`."""
        return self.name or f"{self.architecture}_{word(self.dataset)}"

    @property
    def settings(self) -> TrainSettings:
        """Settings of the training."""
        return TrainSettings(**self.train)

    @property
    def overrides(self) -> dict[str, Any]:
        """The settings of all sections by `section.key`, as `zoo.configure` takes them."""
        return {f"{section}.{key}": value for section in SECTIONS for key, value in getattr(self, section).items()}

    def record(self, event: Event) -> dict[str, Any]:
        """What an export records about its run, as JSON: this configuration and the event."""
        return {**dataclasses.asdict(self), "event": event.to_dict()}

    def save_to(self, workdir: Path, *, write: bool = True) -> Path:
        """Writes `config.json` into a new workdir, or compares it with that of an older run; returns `workdir`.

        Only the length of the training, so that a run can be extended, and the batches of the evaluation may differ.

        Raises:
            InputError: The workdir belongs to another configuration, or cannot be written.
        """
        path, record = workdir / "config.json", dataclasses.asdict(self)
        if path.exists():
            different = differences(dataclasses.asdict(read_config(path)), record)
            rule = f"Expected the settings of the run in {str(workdir)!r}: restore them, or choose another --workdir."
            check(not different, rule, **different)
        if not write:
            return workdir
        try:
            workdir.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as beside:
                beside.write_text(json.dumps(record, indent=2) + "\n")
        except OSError as error:
            rule = "Expected --workdir to be a folder that can be written."
            raise InputError(f"{rule} Received: workdir={str(workdir)!r} ({error.strerror}).") from error
        return workdir


def read_config(path: str | Path) -> Config:
    """The configuration in a `config.json`, such as that of an export; settings missing in an older file stay unset.

    Raises:
        InputError: The file cannot be read, is not JSON, or does not contain a configuration.
    """
    record = read_record(path)
    record.pop("event", None)  # the dataset determines its events
    return Config(**record)


def read_record(path: str | Path) -> dict[str, Any]:
    """What a `config.json` contains: the fields of `Config` and, in that of an export, the event.

    Raises:
        InputError: As in `read_config`.
    """
    rule = "Expected the config.json of an export or of a workdir."
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a file that is not text raises a ValueError, too
        reason = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise InputError(f"{rule} Received: {str(path)!r} ({reason}).") from error
    check(isinstance(record, dict), f"{rule[:-1]}, a JSON object.", config=str(path))
    hints = typing.get_type_hints(Config)
    for key, value in record.items():
        check_choice(f"key of {path}", key, [*hints, "event"])
        kind = dict if key == "event" else typing.get_origin(hints[key]) or hints[key]
        check(type(value) is kind, f"Expected `{key}` in {path} to be of type {kind.__name__}.", **{key: value})
    for key in ("architecture", "dataset"):
        check(key in record, f"{rule[:-1]}, with the key `{key}`.", config=str(path))
    return record


def differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """Settings in which two configurations differ, as `{"section.key": "old before, new now"}`."""
    flat_old, flat_new = flat(old), flat(new)
    names = [name for name in {**flat_old, **flat_new} if name not in CHANGEABLE]
    pairs = {name: (flat_old.get(name), flat_new.get(name)) for name in names}
    return {name: f"{before} before, {now} now" for name, (before, now) in pairs.items() if before != now}


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration by `section.key`."""
    sections = {f"{name}.{key}": value for name in SECTIONS for key, value in config[name].items()}
    return {**{name: value for name, value in config.items() if name not in SECTIONS}, **sections}
