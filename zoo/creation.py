"""New models of the zoo, by name."""

import math
import typing
from typing import Any

import numpy as np

from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel, Tabular
from tfflows.models.known import real_event
from tfflows.overrides import typed
from zoo.architecture import keyword_defaults
from zoo.registry import ARCHITECTURES


def create(name: str, event: Event, *, preset: str | None = None, **settings: Any) -> GenerativeModel:
    """A new model of the architecture `name`.

    Args:
        name: One of the names in `list_models()`.
        event: What one data point is.
        preset: One of the names in `presets(name)`, such as `"cifar10"`: the model's settings for that dataset.
        **settings: Settings of the architecture for this kind of event, which override those of the preset;
            `info(name)` lists them with their defaults.

    Raises:
        InputError: An unknown name, preset or setting, a number out of range, an event that the architecture cannot
            take.
    """
    check_choice("name", name, ARCHITECTURES)
    check(isinstance(event, Event), "Expected `event` to be an Event, such as Event((2,)).", event=event)
    builder, known = ARCHITECTURES[name].builder(event), ARCHITECTURES[name].presets
    if preset is not None:
        check_choice("preset", preset, known)
        settings = {**known[preset].get("model", {}), **settings}
    known_settings = list(keyword_defaults(builder))
    hints = typing.get_type_hints(builder)
    for key, value in settings.items():
        check(key in known_settings, f"Expected a setting of {name}, one of {known_settings}.", **{key: value})
        settings[key] = _number(key, value, hints[key])
        check_number(key, settings[key])
    if event.columns:
        return Tabular(event, builder(real_event(event), **settings))
    return builder(event, **settings)


def _number(key, value, hint):
    """A setting that is a number as one of its type; others are checked where they are used."""
    if hint is str or str in typing.get_args(hint):
        return value
    return typed(key, value.item() if isinstance(value, np.generic) else value, hint)


def check_number(key: str, value: Any) -> None:
    """Checks the range of a setting of any architecture: counts are 1 or more, a seed and other numbers 0 or more.

    Raises:
        InputError: The setting is out of range.
    """
    if type(value) is int:
        least = 0 if key == "seed" else 1
        check(value >= least, f"Expected `{key}` to be {least} or more.", **{key: value})
    if type(value) is float:
        check(0 <= value < math.inf, f"Expected `{key}` to be 0 or more and finite.", **{key: value})
