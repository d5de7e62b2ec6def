"""New models of the zoo, by name or by configuration."""

import math
import typing
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfflows.backend import seeded
from tfflows.config import Config
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel, Tabular
from tfflows.models.known import real_event
from tfflows.networks.policy import policy_of_new_layers
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


def build(config: Config, event: Event, *, weights: Path | None = None) -> GenerativeModel:
    """The model of a configuration: a new one to train, or a trained one to score and to export.

    Args:
        config: Configuration, as `configure` makes it.
        event: What one data point is.
        weights: File of weights, such as `Fitted.weights`. None for initial weights, which depend on the seed of the
            configuration; with `train.mixed_precision`, the networks of such a model compute in bfloat16.

    Raises:
        InputError: As in `create`.
    """
    mixed = config.settings.mixed_precision and weights is None
    with seeded(config.seed), policy_of_new_layers("mixed_bfloat16" if mixed else keras.config.floatx()):
        model = create(config.architecture, event, **config.model)
    if weights is not None:
        model.load_weights(weights)
    return model
