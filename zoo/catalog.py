"""What the zoo contains: architectures, their presets and settings, and the details of a pretrained model."""

import fnmatch
from typing import Any

from tfflows.errors import check_choice
from zoo.architecture import keyword_defaults
from zoo.pretrained import rows
from zoo.registry import ARCHITECTURES

TEXTS = ("id", "architecture", "dataset", "published", "hardware", "commit", "sha256")  # columns of pretrained models


def list_models(pattern: str = "*") -> list[str]:
    """Names of the architectures that match a pattern, such as `"*flow*"`."""
    return [name for name in ARCHITECTURES if fnmatch.fnmatchcase(name, pattern)]


def presets(name: str) -> list[str]:
    """Names of the presets of an architecture: datasets, families of datasets, and kinds of event.

    Raises:
        InputError: `name` is not an architecture.
    """
    check_choice("name", name, ARCHITECTURES)
    return list(ARCHITECTURES[name].presets)


def info(name: str) -> dict[str, Any]:
    """Details of an architecture, or of a pretrained model.

    Args:
        name: One of the names in `list_models()`, or of the ids in `list_pretrained()`.

    Returns:
        For an architecture its paper, kinds of event, costs, presets, and the settings of each builder with their
        defaults; for a pretrained model its row of `zoo/pretrained.csv`: scores, training, parameters, and None for
        what it lacks.

    Raises:
        InputError: `name` is neither.
    """
    pretrained = {row["id"]: row for row in rows()}
    if name in pretrained:
        return {key: _value(key, text) for key, text in pretrained[name].items()}
    check_choice("name", name, [*ARCHITECTURES, *pretrained])
    row = ARCHITECTURES[name]
    return {
        "name": name,
        "title": row.title,
        "paper": f"arXiv {row.paper}",
        "events": list(row.builders),
        "density": row.density,
        "estimates": list(row.estimates),
        "log_prob_cost": str(row.log_prob_cost),
        "sample_cost": str(row.sample_cost),
        "presets": list(row.presets),
        "settings": {kind: keyword_defaults(builder) for kind, builder in row.builders.items()},
    }


def _value(column: str, text: str) -> str | float | None:
    """A cell of the table of pretrained models: text, a number, or None if it is empty."""
    if column in TEXTS or not text:
        return text or None
    return int(text) if text.isdigit() else float(text)
