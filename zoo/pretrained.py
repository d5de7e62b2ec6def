"""Pretrained models: their table, where they are stored, and how any export is loaded."""

import csv
import fnmatch
from pathlib import Path
from typing import Any

from tfflows import export, versions
from tfflows.config import Config, read_record
from tfflows.errors import InputError, check, check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel
from zoo import fetching
from zoo.creation import create

TABLE = Path(__file__).parent / "pretrained.csv"
# Where exported models are: in an installed package, which contains two, and in a clone.
HOMES = (Path(__file__).parent / "exported", Path(__file__).parent.parent / "exported")


def rows(table: Path = TABLE) -> list[dict[str, str]]:
    """One row for each pretrained model: id, dataset, test score with its standard error, published score, cost."""
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def list_pretrained(pattern: str = "*") -> list[str]:
    """Ids of the pretrained models that match `pattern`, such as `"*digits*"`; in the order of the table."""
    return fnmatch.filter([row["id"] for row in rows()], pattern)


def is_pretrained(folder: Path) -> bool:
    """Whether a folder is that of a pretrained model of this clone or package."""
    homes = [home.resolve() for home in HOMES]
    return folder.is_dir() and folder.resolve().parent in homes and folder.name in list_pretrained()


def load(name: str, *, version: int | None = None, **settings: Any) -> GenerativeModel:
    """A trained model: a Keras model with its weights.

    Args:
        name: Id of a pretrained model, or path of an exported one, such as `runs/demo/exported/realnvp_digits`, or of
            one of its versions.
        version: Number of the version; None takes the newest.
        **settings: Settings of the model to change, such as `guidance=2.0`; they must not change the weights' shapes.

    Raises:
        InputError: There is no such model or version, it cannot be fetched, or it has no such setting.
    """
    exported = exported_version(name, version)
    record = read_record(exported / "config.json")
    check("event" in record, "Expected the config.json of an export, with its event.", folder=str(exported))
    event, known = Event(**record.pop("event")), record["model"]
    for setting in settings:
        check_choice("setting", setting, tuple(known))
    config = Config(**{**record, "model": {**known, **settings}})
    model = create(config.architecture, event, **config.model)
    export.load_weights(model, exported)
    return model


def exported_version(name: str, version: int | None = None) -> Path:
    """The folder of a version of an export, as in `load`; the name may also be that of a version, such as `"a/1"`."""
    parent, _, number = name.rpartition("/")
    if version is None and number.isdigit() and parent in list_pretrained():
        return exported_version(parent, int(number))
    folder = exported_folder(name)
    if version is None and folder.name.isdigit() and not versions.numbers(folder):
        return folder
    return folder / str(versions.select(folder, version))


def with_version(name: str) -> str:
    """The name of the newest version of an export, such as `"realnvp_digits/1"`; that of a version stays the same."""
    number = exported_version(name).name
    return name if Path(name).name == number else f"{name.rstrip('/')}/{number}"


def exported_folder(name: str) -> Path:
    """The folder of an export, by id or by path; a pretrained model that is not found is fetched: see `zoo.fetching`.

    Raises:
        InputError: There is no such export, or it cannot be fetched.
    """
    for folder in (*(home / name for home in HOMES), Path(name)):
        if folder.is_dir():
            return folder
    sha256 = {row["id"]: row["sha256"] for row in rows()}
    if name in sha256:
        return fetching.fetched(name, sha256[name])
    raise InputError(
        f"Expected `name` to be one of {list(sha256)}, or the path of an exported model. Received: name={name!r}."
    )
