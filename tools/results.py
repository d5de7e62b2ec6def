"""Records results: `python -m tools.results EXPORT [WORKDIR]` adds the score of a run, and its learning curve;
`python -m tools.results EXPORT --draws=128` adds the score with 128 importance samples, which it computes.

    docs/results.csv   a row for each run; it stays when the model is no longer among the pretrained ones
    docs/curves.csv    the scores of the validation set during the training
    docs/results.md    tables of the rows

None of the three is written by hand.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

import zoo
from tfflows import datasets, metrics, training
from tfflows.errors import check
from tfflows.events import Event
from tfflows.overrides import SECTIONS
from tools import command, logit_space, marks, publish, scoreboard, table
from zoo import configure
from zoo.registry import ARCHITECTURES

DOCS = Path(__file__).parents[1] / "docs"

RUN = ("id", "preset", "seed", "steps", "commit")  # what tells one run from another
COLUMNS = (
    *("id", "model", "dataset", "preset", "seed", "steps", "seconds", "machine", "commit", "parameters"),
    *("unit", "value", "standard_error", "kind", "draws", "published", "source"),
)
POINT = (*RUN, "step", "seconds", "unit", "training", "validation")
LENGTH = ("steps", "epochs", "patience", "steps_per_execution", "validate_every", "sample_every")
SAME = (*LENGTH, "eval_batch_size", "data_dir")  # settings that are not part of what a run is

Row = dict[str, Any]


def row(export: Path) -> Row:
    """The row of an export.

    Raises:
        InputError: `export` is not the folder of an export.
    """
    run, config = publish.row(export), json.loads((export / "config.json").read_text())
    event, architecture = Event(**config["event"]), ARCHITECTURES[run["architecture"]]
    scores = json.loads((export / "metrics.json").read_text())
    score = "bits_per_dim" if scoreboard.in_bits(event) else "elbo" if "elbo" in scores else "nats"
    result = {
        **{name: run[name] for name in ("id", "dataset", "seed", "steps", "seconds", "commit", "parameters")},
        "model": run["architecture"],
        "preset": changed(config),
        "machine": run["hardware"],
        "unit": "bits/dim" if score == "bits_per_dim" else "nats",
        "value": run[score],
        "standard_error": run[f"{score}_se"],
        "kind": scores.get("kind", "bound"),
        "draws": run["num_importance_samples"],
        "published": run["published"],
        "source": f"arXiv {architecture.source(run['dataset'], event)}",
    }
    if logit_space.UNIT in run["published"]:
        result |= {"unit": logit_space.UNIT, **measured(export, logit_space.UNIT, int(result["draws"]))}
    return result


def measured(export: Path, unit: str, draws: int) -> Row:
    """The score of an export and its standard error, in a unit, for which the test set is scored again."""
    config = json.loads((export / "config.json").read_text())
    data, model = datasets.load(config["dataset"], **config["data"]), zoo.load(str(export))
    if unit == logit_space.UNIT:
        nats = training.nats_of(model, data.test, num_importance_samples=draws, batch_size=100)
        value, error = logit_space.score(nats, data)
    else:
        scores = training.evaluate(model, data.test, num_importance_samples=draws, batch_size=100)
        name = "bits_per_dim" if unit == "bits/dim" else "nats"
        value, error = scores[name], scores[f"{name}_se"]
    return {"value": round(value, 4), "standard_error": round(error, 4)}


def with_draws(export: Path, draws: int) -> Row:
    """The row of an export with another number of importance samples.

    Raises:
        InputError: As in `row`, or the density is exact.
    """
    run = row(export)
    check(run["kind"] == "bound", "Expected a bound, which importance samples tighten.", kind=run["kind"])
    return {**run, **measured(export, run["unit"], draws), "draws": draws}


def changed(config: Mapping[str, Any]) -> str:
    """Settings that differ from the preset or from the dataset's options, but for the training's length; and `init`."""
    of_data = {f"data.{key}": value for key, value in config["data"].items()}
    preset = configure(config["architecture"], config["dataset"], overrides=of_data).overrides
    preset |= {f"data.{key}": value for key, value in datasets.options_of(config["dataset"]).items()}
    run = {f"{section}.{key}": value for section in SECTIONS for key, value in config[section].items()}
    different = (name for name in run if name in preset and run[name] != preset[name])
    settings = [f"{name}={run[name]}" for name in different if name.partition(".")[2] not in SAME]
    start = [f"init={config['init']}"] if config.get("init") else []
    return " ".join(settings + start)


def curve(workdir: Path, run: Row) -> list[Row]:
    """The mean score of each round of a training, and that of the validation set after it: nats, or bits/dim of pixels.

    Raises:
        InputError: The workdir has no such scores.
    """
    training, validation = (_losses(workdir, split) for split in ("train", "validation"))
    config = json.loads((workdir / "config.json").read_text())
    event = datasets.event(run["dataset"], **config["data"])
    length = config["train"]["validate_every"] or run["steps"] / (max(validation) + 1)
    parts = {number: min((number + 1) * length / run["steps"], 1.0) for number in validation}
    unit = "nats" if run["unit"] == "nats" else "bits/dim"
    return [
        {
            **{name: run[name] for name in RUN},
            "unit": unit,
            "step": round(run["steps"] * parts[number]),
            "seconds": round(run["seconds"] * parts[number]),
            "training": _in_unit(training[number], unit, event),
            "validation": _in_unit(validation[number], unit, event),
        }
        for number in sorted(validation)
    ]


def _losses(workdir: Path, split: str) -> dict[int, float]:
    """The loss of each round, in nats."""
    log = workdir / "tensorboard" / split
    check(log.is_dir(), "Expected the workdir of a training.", workdir=str(workdir))
    board = EventAccumulator(str(log), size_guidance={"tensors": 0}).Reload()
    return {event.step: float(tensor_util.make_ndarray(event.tensor_proto)) for event in board.Tensors("epoch_loss")}


def _in_unit(loss: float, unit: str, event: Event) -> float:
    return round(-loss if unit == "nats" else float(metrics.bits_per_dim(-loss, event)), 4)


def add(new: Iterable[Row], path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Writes rows into a table, in place of those of the same runs; returns all rows."""
    return table.add(new, path, columns, run=_run, order=_order)


def _run(row: Mapping[str, str]) -> tuple[str, ...]:
    """What tells a run from others; with another number of draws, the score of a run is another row."""
    return (*(row[name] for name in RUN), row.get("draws", ""))


def _order(row: Mapping[str, str]) -> tuple[str, str, int]:
    return row.get("dataset", ""), row["id"], int(row["seed"])


def markdown(rows: Iterable[Mapping[str, str]]) -> str:
    """A table for each dataset and unit, the best score first."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["unit"]), []).append(row)
    return "\n".join(_table(dataset, unit, group) for (dataset, unit), group in sorted(groups.items()))


def _table(dataset: str, unit: str, rows: list[Mapping[str, str]]) -> str:
    titles = ("model", f"ours, {unit}", "kind", "published", "parameters", "steps", "minutes", "settings changed")
    lines = [f"### {dataset}\n", f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in sorted(rows, key=lambda row: float(row["value"]) * (1 if unit == "bits/dim" else -1)):
        error = f" ± {float(row['standard_error']):.3f}" if row["standard_error"] else ""
        weighed = f"{row['kind']}, {row['draws']} draws" if int(row["draws"]) > 1 else row["kind"]
        published = f"{row['published']} ({row['source']})" if row["published"] else "-"
        cost = (f"{int(row['parameters']):,}", f"{int(row['steps']):,}", f"{float(row['seconds']) / 60:.1f}")
        cells = (f"`{row['id']}`", f"{float(row['value']):.3f}{error}", weighed, published, *cost, row["preset"] or "-")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def record(run: Row, workdir: Path | None = None, docs: Path = DOCS) -> None:
    """Adds the score of a run, and the curve of its workdir, to the tables and to the page."""
    points = curve(workdir, run) if workdir else []  # first, as an error must leave all tables as they were
    rows = add([run], docs / "results.csv", COLUMNS)
    if points:
        add(points, docs / "curves.csv", POINT)
    marks.renew(docs / "results.md", "results", markdown(rows))


def main(argv: Sequence[str] | None = None) -> None:
    """Records an export, and the curve of its workdir if that is given."""
    parser = command.parser(__doc__)
    parser.add_argument("export", type=Path, help="folder of the export")
    parser.add_argument("workdir", nargs="?", type=Path, help="workdir of its run, for the learning curve")
    parser.add_argument("--draws", type=int, help="scores the test set again, with this many importance samples")
    given = parser.parse_args(argv)
    with command.errors_in_one_line("tools.results"):
        record(with_draws(given.export, given.draws) if given.draws else row(given.export), given.workdir)


if __name__ == "__main__":
    main()
