"""Adds exported models to the table of pretrained models: `python -m tools.publish exported/realnvp_digits`.

`exported/SHA256SUMS` lists the hash of each file: `sha256sum --check SHA256SUMS` finds a damaged one.

The row is made of the export's own `config.json` and `metrics.json`, with the sha256 of its archive; the tables of the
README, the best model of each dataset, and of docs/pretrained.md, all models, are made of the rows. Nothing in them is
written by hand.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfflows import datasets
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.files import atomic_write
from tools import archives, marks
from zoo import pretrained
from zoo.pretrained import TABLE
from zoo.registry import ARCHITECTURES

README = Path(__file__).parents[1] / "README.md"
PAGE = Path(__file__).parents[1] / "docs" / "pretrained.md"
MANIFEST = Path(__file__).parents[1] / "exported" / "SHA256SUMS"

# The score to compare with on a dataset, of a large model of a paper: where a truth is known, it is the truth instead.
ANCHORS = {
    "cifar10": "2.92 bits/dim, PixelCNN++ (1701.05517); 3.08, Flow++ (1902.00275)",
    "dynamic_mnist": "-80.80 nats, IAF-VAE (1606.04934)",
    "fashion_mnist": "3.141 bits/dim, Glow (code of 2006.08545)",
    "mnist": "0.99 bits/dim, FFJORD (1810.01367)",
}

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
    with atomic_write(table) as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows.values(), key=lambda row: (row["dataset"], row["id"])))


def best(rows: list[dict[str, str]]) -> str:
    """The README's table: the best model of each dataset, beside a published score or the truth."""
    lines = ["| dataset | best model | score | to compare with | parameters | training |", "|---" * 6 + "|"]
    for dataset in sorted({row["dataset"] for row in rows}):
        row = max((row for row in rows if row["dataset"] == dataset), key=lambda row: float(row["nats"] or row["elbo"]))
        cells = (f"`{dataset}`", f"`{row['id']}`", score(row), anchor(row))
        lines.append(f"| {' | '.join(cells)} | {int(row['parameters']):,} | {training(row)} |")
    return "\n".join(lines) + "\n"


def anchor(row: dict[str, str]) -> str:
    """What a score is compared with: that of a large model of a paper, or the truth where it is known."""
    true = row["true_log_z"] or row["truth_nats"]
    return ANCHORS.get(row["dataset"], f"{float(true):.3f} nats, the truth" if true else goal(row))


def in_bits(event: Event) -> bool:
    """Whether papers score such events in bits per dimension: pixels, but for those in black and white."""
    return event.discrete and event.levels > 2


def score(row: dict[str, str]) -> str:
    """The score in the unit of papers."""
    if row["bits_per_dim"] and in_bits(datasets.event(row["dataset"])):
        return f"{_with_error(row, 'bits_per_dim', 3)} bits/dim"
    return f"{_with_error(row, 'nats' if row['nats'] else 'elbo', 3)} nats"


def markdown(rows: list[dict[str, str]]) -> str:
    """The tables of docs/pretrained.md, of models of data and of models of energies: their scores with standard errors,
    the scores to reach, and the cost of the training.
    """
    of_data = {
        "nats per event": lambda row: _with_error(row, "nats", 2),
        "bits/dim": lambda row: _with_error(row, "bits_per_dim", 3),
        "paper or truth": goal,
    }
    of_energies = {
        "ELBO, nats": lambda row: _with_error(row, "elbo", 3),
        "log Z": lambda row: _with_error(row, "log_z", 3),
        "true log Z": lambda row: f"{float(row['true_log_z']):.4f}" if row["true_log_z"] else "-",
        "effective samples": lambda row: f"{float(row['ess']):.1%}",
    }
    energies = [row for row in rows if row["elbo"]]
    tables = [_table(of_data, [row for row in rows if not row["elbo"]])]
    return "\n".join([*tables, *([_table(of_energies, energies)] if energies else [])])


def _table(scores: dict[str, Callable[[dict[str, str]], str]], rows: list[dict[str, str]]) -> str:
    names = ["id", *scores, "parameters", "training"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in rows:
        cells = [f"`{row['id']}`", *(score(row) for score in scores.values()), f"{int(row['parameters']):,}"]
        cells.append(training(row))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def training(row: dict[str, str]) -> str:
    """The length of the training, and the machine."""
    return f"{int(row['steps']):,} steps, {_duration(float(row['seconds']))} on {row['hardware']}"


def goal(row: dict[str, str]) -> str:
    """The paper's score, or that of the true density where it is known."""
    truth = row["truth_nats"]
    return row["published"] or (f"{float(truth):.2f} nats" if truth else "-")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _with_error(row: dict[str, str], name: str, digits: int) -> str:
    if not row[name]:
        return "-"
    return f"{float(row[name]):.{digits}f} ± {float(row[f'{name}_se']):.{digits}f}"


def manifest(exported: Path) -> str:
    """A line for each file of the exports in a folder, its sha256 and its path, as `sha256sum` writes them."""
    paths = sorted(path for folder in exported.iterdir() if folder.is_dir() for path in folder.rglob("*"))
    files = [path for path in paths if path.is_file()]
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    lines = (f"{sha256}  {path.relative_to(exported)}" for sha256, path in zip(hashes, files, strict=True))
    return "\n".join(lines) + "\n"


def renew(readme: Path = README, page: Path = PAGE, table: Path = TABLE) -> None:
    """Writes the tables into the README and the page, between their marks."""
    marks.renew(readme, "scores", best(pretrained.rows(table)))
    marks.renew(page, "pretrained", markdown(pretrained.rows(table)))


def main(folders: list[str]) -> None:
    """Publishes the exports in `folders`."""
    try:
        check(bool(folders), "Expected the folders of exports.", arguments=folders)
        for folder in folders:
            publish(Path(folder))
        if README.exists():
            renew()
            with atomic_write(MANIFEST) as beside:
                beside.write_text(manifest(MANIFEST.parent))
    except InputError as error:
        sys.exit(f"tools.publish: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
