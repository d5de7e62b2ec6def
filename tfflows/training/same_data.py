"""Checks that a run is resumed only with the data that it was started with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfflows.datasets import Data
from tfflows.errors import InputError, check
from tfflows.files import atomic_write
from tfflows.targets import Target

FILE = "data.json"


def check_same(data: Data | Target, workdir: Path | None, *, writes: bool = True) -> None:
    """Writes a description of the data into a new workdir, or compares it with that of the run that started there.

    The weights of a run belong to its events: to the scales and the categories of the columns of a table. A target is
    known by its name, and a run without a workdir cannot go on.

    Raises:
        InputError: The events or the numbers of examples differ.
    """
    if workdir is None or isinstance(data, Target):
        return
    path, record = workdir / FILE, described(data)
    if path.exists():
        different = _differences(_read(path), record)
        rule = f"Expected the data with which the run in {str(workdir)!r} was started: choose another --workdir."
        check(not different, rule, changed=different)
    elif writes:
        workdir.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as beside:
            beside.write_text(json.dumps(record, indent=2) + "\n")


def _read(path: Path) -> dict[str, Any]:
    rule = f"Expected {path} to hold a JSON object: choose another --workdir."
    try:
        record = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{rule} Received: {error}.") from error
    check(isinstance(record, dict), rule, record=record)
    return record


def described(data: Data) -> dict[str, Any]:
    """The event and the sizes of the splits, as JSON."""
    sizes = {name: getattr(data, name).size for name in ("train", "validation", "test")}
    return json.loads(json.dumps({**sizes, **data.event.to_dict()}))


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What has changed: names of columns, and other facts with both values."""
    names = []
    for key in {**before, **now}:
        old, new = before.get(key), now.get(key)
        if old == new:
            continue
        if key in ("columns", "context_columns") and len(old or ()) == len(new or ()):
            names += [f"column {each['name']!r}" for each, its in zip(new, old, strict=True) if each != its]
        else:
            names.append(key if key.endswith("columns") else f"{key}: {old} before, {new} now")
    return names
