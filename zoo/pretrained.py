"""Pretrained models: the table of those that come with the zoo, and how any export is loaded."""

import csv
import json
from pathlib import Path

from tfflows import export, versions
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import GenerativeModel
from zoo.config import Config
from zoo.creation import build

TABLE = Path(__file__).parent / "pretrained.csv"
# Where the exported models are: in an installed package, and in a clone.
HOMES = (Path(__file__).parent / "exported", Path(__file__).parent.parent / "exported")


def list_pretrained(table: Path = TABLE) -> list[dict[str, str]]:
    """One row for each pretrained model: id, dataset, test score with its standard error, published score, cost."""
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def load(name: str, *, version: int | None = None) -> GenerativeModel:
    """A trained model, live: a Keras model with its weights.

    Args:
        name: Id of a pretrained model, or path of an exported one, such as `runs/demo/exported/realnvp_digits`.
        version: Number of the version; None takes the newest.

    Raises:
        InputError: There is no such model or version.
    """
    exported = exported_version(name, version)
    record = json.loads((exported / "config.json").read_text())
    event = Event(**record.pop("event"))
    model = build(Config(**record), event)
    export.load_weights(model, exported)
    return model


def exported_version(name: str, version: int | None = None) -> Path:
    """The folder of a version of an export, as in `load`."""
    folder = exported_folder(name)
    return folder / str(versions.chosen(folder, version))


def exported_folder(name: str) -> Path:
    """The folder of an export, by id or by path.

    Raises:
        InputError: There is none.
    """
    for folder in (*(home / name for home in HOMES), Path(name)):
        if folder.is_dir():
            return folder
    known = [row["id"] for row in list_pretrained()]
    raise InputError(
        f"Expected `name` to be one of {known}, or the path of an exported model. Received: name={name!r}."
    )
