"""The configuration of a run, and how commands read it: from flags (`--set=section.key=value`) and from a JSON file."""

import ast
import dataclasses
import json
import re
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tfflows.errors import InputError, check, check_choice
from tfflows.events import Event
from tfflows.files import atomic_write
from tfflows.training.settings import TrainSettings

SECTIONS = ("model", "data", "train")
LENGTH = ("train.steps", "train.epochs")  # may change when a run is continued


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
    """

    architecture: str
    dataset: str
    seed: int = 0
    model: dict[str, Any] = dataclasses.field(default_factory=dict)
    data: dict[str, Any] = dataclasses.field(default_factory=dict)
    train: dict[str, Any] = dataclasses.field(default_factory=dict)
    name: str = ""

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

        Only the length of the training may differ, so that a run can be extended.

        Raises:
            InputError: The workdir belongs to another configuration, or cannot be written.
        """
        path, record = workdir / "config.json", dataclasses.asdict(self)
        if path.exists():
            different = differences({"name": "", **json.loads(path.read_text())}, record)
            rule = f"Expected a workdir of this configuration: choose another --workdir than {str(workdir)!r}."
            check(not different, rule, **different)
            return workdir
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


def word(dataset: str) -> str:
    """The name of a dataset, or the name of its first file without the ending, as a word of letters and digits."""
    first = dataset.split(",")[0]
    is_file = bool(re.search(r"[.*?~\\]", first)) or first.startswith("/")
    stem = re.sub(r"\.[A-Za-z0-9-]+$", "", first.rstrip("/").split("/")[-1]) if is_file else first
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_") or "data"


def read_config(path: str | Path) -> Config:
    """The configuration in a `config.json`, such as that of an export; settings missing in an older file stay unset.

    Raises:
        InputError: The file cannot be read, is not JSON, or does not contain a configuration.
    """
    rule = "Expected --config to be the config.json of an export or of a workdir."
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a file that is not text raises a ValueError, too
        reason = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise InputError(f"{rule} Received: config={str(path)!r} ({reason}).") from error
    check(isinstance(record, dict), f"{rule[:-1]}, a JSON object.", config=str(path))
    hints = typing.get_type_hints(Config)
    for key, value in record.items():
        check_choice(f"key of {path}", key, [*hints, "event"])
        kind = dict if key == "event" else typing.get_origin(hints[key]) or hints[key]
        check(type(value) is kind, f"Expected `{key}` in {path} to be of type {kind.__name__}.", **{key: value})
    for key in ("architecture", "dataset"):
        check(key in record, f"{rule[:-1]}, with the key `{key}`.", config=str(path))
    record.pop("event", None)  # the dataset determines its events
    return Config(**record)


def differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """Settings in which two configurations differ, as `{"section.key": "old there, new here"}`."""
    flat_old, flat_new = flat(old), flat(new)
    names = [name for name in {**flat_old, **flat_new} if name not in LENGTH]
    pairs = {name: (flat_old.get(name), flat_new.get(name)) for name in names}
    return {name: f"{before} there, {now} here" for name, (before, now) in pairs.items() if before != now}


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration by `section.key`."""
    sections = {f"{name}.{key}": value for name in SECTIONS for key, value in config[name].items()}
    return {**{name: value for name, value in config.items() if name not in SECTIONS}, **sections}


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """The values of `--set`: `["train.steps=10"]` becomes `{"train.steps": "10"}`.

    Raises:
        InputError: One of them has no `=`.
    """
    for text in texts:
        check("=" in text, "Expected --set=section.key=value.", set=text)
    return dict(text.split("=", maxsplit=1) for text in texts)


def split_overrides(overrides: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Groups settings by section: `{"train.steps": 10}` becomes `{"train": {"steps": 10}, ...}`, with all sections.

    Raises:
        InputError: There is no such section, or a key is empty.
    """
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        rule = f"Expected a setting section.key with a section of {list(SECTIONS)}."
        check(section in SECTIONS and bool(key), rule, **{name: value})
        sections[section][key] = value
    return sections


def merge(section: str, defaults: dict[str, Any], hints: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`defaults` updated with the `given` values, each converted to the type of its key.

    Raises:
        InputError: A key is unknown, or a value is of another type.
    """
    merged = dict(defaults)
    for key, value in given.items():
        rule = f"Expected a setting of `{section}` to be one of {list(defaults)}."
        check(key in defaults, rule, **{f"{section}.{key}": value})
        merged[key] = typed(f"{section}.{key}", value, hints[key])
    return merged


def typed(name: str, value: Any, hint: Any) -> Any:
    """`value` as the type `hint`; a string is parsed.

    Raises:
        InputError: `value` is of another type.
    """
    choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if isinstance(value, str):
        value = _spelled(value, choices)
    if type(value) is int and float in choices:
        value = float(value)
    wanted = " or ".join("None" if choice is type(None) else choice.__name__ for choice in choices)
    check(type(value) in choices, f"Expected `{name}` to be of type {wanted}.", **{name: value})
    return value


def _spelled(value: str, choices: tuple[type, ...]) -> Any:
    names = {"true": True, "false": False, "none": None}
    try:
        literal = names[value.lower()] if value.lower() in names else ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return value if str in choices and type(literal) not in choices else literal
