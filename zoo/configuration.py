"""The configuration of a run of the zoo: an architecture's presets, changed by the settings that the user gives."""

import dataclasses
import re
import typing
from collections.abc import Mapping
from typing import Any

from tfflows import datasets
from tfflows.config import Config
from tfflows.datasets.options import Options
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.overrides import merge, split_overrides
from tfflows.training.settings import TrainSettings
from zoo import rules
from zoo.architecture import keyword_defaults
from zoo.registry import ARCHITECTURES


def configure(
    architecture: str,
    dataset: str,
    *,
    seed: int = 0,
    name: str = "",
    init: str = "",
    overrides: dict[str, Any] | None = None,
) -> Config:
    """The architecture's settings for this dataset, complete with defaults, changed by `overrides`.

    Args:
        architecture: Name of the architecture in the registry.
        dataset: Name of the dataset.
        seed: Seed of the weights, the order of the data and the noise.
        name: Name of the trained model, a word of letters, digits, `_`, `-` and `.`; empty for the default name.
        init: Pretrained model, by id or path, whose weights the training starts from; empty for new weights.
        overrides: Values by `"section.key"`; strings are parsed into values.

    Raises:
        InputError: An unknown name or key, a value of the wrong type, an event that the architecture cannot take.
    """
    check_choice("--model", architecture, ARCHITECTURES)
    rule = "Expected --name to start with a letter and to hold letters, digits, '_', '-' and '.' only."
    check(re.fullmatch(r"([a-zA-Z][\w.-]*)?", name, re.ASCII), rule, name=name)
    given = split_overrides(overrides or {})
    data = merge("data", datasets.options_of(dataset), typing.get_type_hints(Options), given["data"])
    event = datasets.event(dataset, **data)
    rows = datasets.training_rows(dataset, **data)
    if rows is None:
        preset = ARCHITECTURES[architecture].preset(dataset, event)
    else:
        preset = rules.preset(architecture, event, rows)
    sections = completed(architecture, event, preset, given)
    result = Config(architecture, dataset, seed, data=data, name=name, init=init, **sections)
    _ = result.settings  # checks the ranges
    return result


def completed(
    architecture: str, event: Event, preset: Mapping[str, Any], given: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The sections `model` and `train`: all defaults, changed by a preset and by the given settings.

    Raises:
        InputError: An unknown key, a value of the wrong type, an event that the architecture cannot take.
    """
    if "epochs" in given["train"]:  # in place of the steps of the preset
        given = {**given, "train": {"steps": None, **given["train"]}}
    builder = ARCHITECTURES[architecture].builder(event)
    model = {**keyword_defaults(builder), **preset.get("model", {})}
    train = {**dataclasses.asdict(TrainSettings()), **preset.get("train", {})}
    return {
        "model": merge("model", model, typing.get_type_hints(builder), given["model"]),
        "train": merge("train", train, typing.get_type_hints(TrainSettings), given["train"]),
    }
