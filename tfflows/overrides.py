"""Settings that are given by name, on a command line as `--set=section.key=value`, and their types."""

import ast
import types
import typing
from collections.abc import Iterable
from typing import Any

from tfflows.errors import check

SECTIONS = ("model", "data", "train")


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
        rule = f"Expected a setting of the form section.key, with a section among {list(SECTIONS)}."
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
