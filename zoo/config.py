"""The configuration of a run: an architecture's presets, changed by the settings that the user gives."""

import ast
import dataclasses
import json
import re
import types
import typing
from pathlib import Path
from typing import Any

from tfflows import datasets
from tfflows.datasets.options import Options
from tfflows.errors import InputError, check, check_choice
from tfflows.events import Event
from tfflows.files import replacing
from tfflows.training.settings import TrainSettings
from zoo.architecture import keyword_defaults
from zoo.registry import ARCHITECTURES

SECTIONS = ("model", "data", "train")


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run.

    Args:
        architecture: Name in the registry.
        dataset: Name of the dataset.
        seed: Of weights, order of data and noise.
        model: Keyword arguments of the architecture's builder.
        data: Keyword arguments of `datasets.load`.
        train: Keyword arguments of `TrainSettings`.
        name: Of the trained model; `<architecture>_<dataset>` where it is empty.
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
        return self.name or f"{self.architecture}_{self.dataset}".replace("/", "_")

    @property
    def settings(self) -> TrainSettings:
        return TrainSettings(**self.train)

    def record(self, event: Event) -> dict[str, Any]:
        """What an export says of its run, as JSON: these settings and the event."""
        return {**dataclasses.asdict(self), "event": event.to_dict()}

    def claim(self, workdir: Path, *, write: bool = True) -> Path:
        """Writes `config.json` into a new workdir, or compares it with that of an older run; returns `workdir`.

        Only the length of the training may differ: a run may be made longer.

        Raises:
            InputError: The workdir is that of another configuration, or cannot be written.
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
            with replacing(path) as beside:
                beside.write_text(json.dumps(record, indent=2) + "\n")
        except OSError as error:
            rule = "Expected --workdir to be a folder that can be written."
            raise InputError(f"{rule} Received: workdir={str(workdir)!r} ({error.strerror}).") from error
        return workdir


def config(
    architecture: str, dataset: str, *, seed: int = 0, name: str = "", overrides: dict[str, Any] | None = None
) -> Config:
    """The architecture's settings for this dataset, complete with defaults, changed by `overrides`.

    Args:
        architecture: Name in the registry.
        dataset: Name of a dataset.
        seed: Of weights, order of data and noise.
        name: Of the trained model, a word of letters, digits, `_`, `-` and `.`; empty for the usual one.
        overrides: Values by `"section.key"`; a string stands for the value that it spells.

    Raises:
        InputError: An unknown name or key, a value of the wrong type, an event that the architecture cannot take.
    """
    check_choice("--model", architecture, ARCHITECTURES)
    rule = "Expected --name to start with a letter and to hold letters, digits, '_', '-' and '.' only."
    check(re.fullmatch(r"([a-zA-Z][\w.-]*)?", name, re.ASCII), rule, name=name)
    given = split_overrides(overrides or {})
    data = merge("data", datasets.OPTIONS, typing.get_type_hints(Options), given["data"])
    event = datasets.event(dataset, **data)
    builder = ARCHITECTURES[architecture].builder(event)
    preset = ARCHITECTURES[architecture].preset(dataset, event)
    model_defaults = {**keyword_defaults(builder), **preset.get("model", {})}
    train_defaults = {**dataclasses.asdict(TrainSettings()), **preset.get("train", {})}
    model = merge("model", model_defaults, typing.get_type_hints(builder), given["model"])
    train = merge("train", train_defaults, typing.get_type_hints(TrainSettings), given["train"])
    result = Config(architecture, dataset, seed, model, data, train, name)
    _ = result.settings  # checks the ranges
    return result


def differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """Settings in which two configurations differ, as `{"section.key": "old -> new"}`."""
    flat_old, flat_new = flat(old), flat(new)
    names = [name for name in {**flat_old, **flat_new} if name not in ("train.steps", "train.epochs")]
    pairs = {name: (flat_old.get(name), flat_new.get(name)) for name in names}
    return {name: f"{before} there, {now} here" for name, (before, now) in pairs.items() if before != now}


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration by `section.key`."""
    sections = {f"{name}.{key}": value for name in SECTIONS for key, value in config[name].items()}
    return {**{name: value for name, value in config.items() if name not in SECTIONS}, **sections}


def split_overrides(overrides: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`{"train.steps": 10}` to `{"train": {"steps": 10}, ...}`."""
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        rule = f"Expected --set=section.key=value with a section of {list(SECTIONS)}."
        check(section in SECTIONS and key, rule, set=f"{name}={value}")
        sections[section][key] = value
    return sections


def merge(section: str, defaults: dict[str, Any], hints: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`defaults` with the `given` values, each of its key's type."""
    merged = dict(defaults)
    for key, value in given.items():
        check_choice(f"--set={section}.", key, defaults)
        merged[key] = typed(f"{section}.{key}", value, hints[key])
    return merged


def typed(name: str, value: Any, hint: Any) -> Any:
    """`value`, or what the string `value` spells, as the type `hint`.

    Raises:
        InputError: It is of another type.
    """
    choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if isinstance(value, str):
        value = _spelled(value, choices)
    if type(value) is int and float in choices:
        value = float(value)
    if type(value) not in choices:
        wanted = " or ".join("None" if choice is type(None) else choice.__name__ for choice in choices)
        raise InputError(f"Expected --set={name} to be of type {wanted}. Received: {value!r}.")
    return value


def _spelled(value: str, choices: tuple[type, ...]) -> Any:
    names = {"true": True, "false": False, "none": None}
    try:
        literal = names[value.lower()] if value.lower() in names else ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return value if str in choices and type(literal) not in choices else literal
