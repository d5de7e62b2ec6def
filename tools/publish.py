"""Adds exported models to the table of pretrained models: `python -m tools.publish exported/realnvp_digits`.

`python -m tools.publish --withdraw ID ...` takes models out: their exports, rows and pictures; results.csv keeps their
scores.

`exported/SHA256SUMS` lists the hash of each file: `sha256sum --check SHA256SUMS` finds a damaged one.

The row is made of the export's own `config.json` and `metrics.json`, with the sha256 of its archive; the tables of the
README, the best model of each dataset, and of docs/pretrained.md, all models, are made of the rows. Nothing in them is
written by hand.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.export import renew_card
from tfflows.files import atomic_write
from tools import archives, command, marks, scoreboard
from zoo import pretrained
from zoo.pretrained import TABLE
from zoo.registry import ARCHITECTURES

README = Path(__file__).parents[1] / "README.md"
PAGE = Path(__file__).parents[1] / "docs" / "pretrained.md"
MANIFEST = Path(__file__).parents[1] / "exported" / "SHA256SUMS"

COLUMNS = (
    *("id", "architecture", "dataset", "parameters", "nats", "nats_se", "bits_per_dim", "bits_per_dim_se"),
    *("elbo", "elbo_se", "log_z", "log_z_se", "ess", "true_log_z"),
    *("published", "truth_nats", "num_events", "num_importance_samples", "steps", "seed", "seconds", "hardware"),
    *("commit", "sha256"),
)


def row(folder: Path) -> dict[str, Any]:
    """The table's row of an export.

    Raises:
        InputError: `folder` is not an export, or holds no version.
    """
    found = (folder / "config.json").exists() and (folder / "metrics.json").exists()
    check(found, "Expected the folder of an export, with config.json and metrics.json.", folder=str(folder))
    config, metrics = (json.loads((folder / name).read_text()) for name in ("config.json", "metrics.json"))
    architecture, dataset = config["architecture"], config["dataset"]
    published = ARCHITECTURES[architecture].published(dataset, Event(**config["event"]))
    samples = config["train"]["num_importance_samples"]
    known = {"id": folder.name, "architecture": architecture, "dataset": dataset, "num_importance_samples": samples}
    values = {**metrics, **known, "published": published, "sha256": archives.sha256(folder)}
    return {name: _rounded(values.get(name, "")) for name in COLUMNS}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def publish(folder: Path, table: Path = TABLE) -> None:
    """Adds the row of an export to the table, or replaces the row of the same id."""
    rows = {old["id"]: old for old in pretrained.rows(table)} if table.exists() else {}
    rows[folder.name] = row(folder)
    _write(rows.values(), table)


def withdraw(name: str, table: Path = TABLE) -> None:
    """Removes the row, the export and the picture of a pretrained model.

    Raises:
        InputError: There is no such row.
    """
    rows = {old["id"]: old for old in pretrained.rows(table)}
    check_choice("ID", name, tuple(rows))
    del rows[name]
    _write(rows.values(), table)
    shutil.rmtree(pretrained.exported_folder(name))
    (PAGE.parent / "images" / f"{name}.png").unlink(missing_ok=True)


def _write(rows: Iterable[dict[str, Any]], table: Path) -> None:
    with atomic_write(table) as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["dataset"], row["id"])))


def manifest(exported: Path) -> str:
    """A line for each file of the exports in a folder, its sha256 and its path, as `sha256sum` writes them."""
    paths = sorted(path for folder in exported.iterdir() if folder.is_dir() for path in folder.rglob("*"))
    files = [path for path in paths if path.is_file()]
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    lines = (f"{sha256}  {path.relative_to(exported)}" for sha256, path in zip(hashes, files, strict=True))
    return "\n".join(lines) + "\n"


def renew(readme: Path = README, page: Path = PAGE, table: Path = TABLE) -> None:
    """Writes the tables into the README and the page, between their marks."""
    marks.renew(readme, "scores", scoreboard.best(pretrained.rows(table)))
    marks.renew(page, "pretrained", scoreboard.markdown(pretrained.rows(table)))


def main(argv: Sequence[str] | None = None) -> None:
    """Publishes the exports in these folders, and withdraws models."""
    parser = command.parser(__doc__)
    parser.add_argument("exports", nargs="*", type=Path, help="folders of exports to publish")
    parser.add_argument("--withdraw", nargs="+", default=[], metavar="ID", help="ids of pretrained models to take out")
    given = parser.parse_args(argv)
    with command.errors_in_one_line("tools.publish"):
        for name in given.withdraw:
            withdraw(name)
        for folder in given.exports:
            check(folder.is_dir(), "Expected the folder of an export.", folder=str(folder))
            renew_card(folder)
            publish(folder)
        if README.exists():
            renew()
            with atomic_write(MANIFEST) as beside:
                beside.write_text(manifest(MANIFEST.parent))


if __name__ == "__main__":
    main()
