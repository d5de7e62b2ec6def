"""Writes the tables of docs/settings.md from the docstrings: `python -m tools.settings`."""

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfflows.datasets.options import OPTIONS, Options
from tfflows.training import TrainSettings
from tools import marks
from zoo.architecture import keyword_defaults
from zoo.registry import ARCHITECTURES

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def arguments(documented: Callable | type) -> dict[str, str]:
    """The description of each argument in the "Args:" section of a docstring."""
    _, _, section = inspect.getdoc(documented).partition("Args:\n")
    section, _, _ = section.partition("\n\n")
    return {name: " ".join(text.split()) for name, text in ARGUMENT.findall(section)}


def table(documented: Callable | type, defaults: Mapping[str, Any], prefix: str) -> str:
    """A row for each setting: its name, its default, and its description."""
    descriptions = arguments(documented)
    rows = [f"| `{prefix}{name}` | `{value!r}` | {_cell(descriptions[name])} |" for name, value in defaults.items()]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def of_models() -> str:
    """The settings of each architecture, for vectors and for images."""
    parts = []
    for name, architecture in ARCHITECTURES.items():
        parts.append(f"### {name}\n")
        for kind, builder in architecture.builders.items():
            parts += [f"{kind.capitalize()}s:\n", table(builder, keyword_defaults(builder), "model.")]
    return "\n".join(parts)


def tables() -> dict[str, str]:
    """The generated parts of the page, by the names of their marks."""
    train = {name: field.default for name, field in TrainSettings.__dataclass_fields__.items()}
    return {
        "train": table(TrainSettings, train, "train."),
        "data": table(Options, OPTIONS, "data."),
        "models": of_models(),
    }


if __name__ == "__main__":
    for name, text in tables().items():
        marks.renew(PAGE, name, text)
