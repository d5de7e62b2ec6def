"""Records the quality of samples: `python -m tools.quality MODEL ...`.

docs/quality.csv    a row for each model, and for the training set of its dataset
docs/generate.md    the table of the rows
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfflows.export.provenance import commit
from tfflows.generate.modes import quality
from tools import command, marks, table
from tools.trained import trained

DOCS = Path(__file__).parents[1] / "docs"
NUMBERS = ("precision", "recall", "frechet_distance")
COLUMNS = ("dataset", "of", *NUMBERS, "events", "seed", "commit")
EVENTS, SEED = 5000, 0
TRAINING_SET = "training set"

Row = Mapping[str, str]


def measured(name: str) -> list[dict[str, str]]:
    """The rows of a pretrained model and of its training set."""
    model = trained(name)
    arrays = quality(model, limit=EVENTS, seed=SEED).arrays
    common = {"dataset": model.dataset, "events": str(EVENTS), "seed": str(SEED), "commit": commit(DOCS)}
    found = {name: arrays["samples_quality"], TRAINING_SET: arrays["training_set_quality"]}
    return [
        {**common, "of": of, **{key: f"{value:.4f}" for key, value in zip(NUMBERS, values, strict=True)}}
        for of, values in found.items()
    ]


def record(new: list[dict[str, str]], docs: Path = DOCS) -> None:
    """Writes rows into the table, in place of those of the same models and datasets, and renews the page."""
    rows = table.add(
        new,
        docs / "quality.csv",
        COLUMNS,
        run=lambda row: (row["dataset"], row["of"]),
        order=lambda row: (row["dataset"], row["of"] == TRAINING_SET, row["of"]),
    )
    marks.renew(docs / "generate.md", "quality", markdown(rows))


def markdown(rows: list[Row]) -> str:
    """A line for each model, and below those of a dataset its training set."""
    lines = ["| dataset | of | precision | recall | Frechet distance |", "|---" * 5 + "|"]
    for row in rows:
        of = row["of"] if row["of"] == TRAINING_SET else f"`{row['of']}`"
        numbers = (f"{float(row['precision']):.3f}", f"{float(row['recall']):.3f}")
        lines.append(f"| `{row['dataset']}` | {of} | {' | '.join(numbers)} | {float(row['frechet_distance']):.2f} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Measures models, and records them."""
    parser = command.parser(__doc__)
    parser.add_argument("models", nargs="+", help="ids or folders of pretrained models")
    with command.errors_in_one_line("tools.quality"):
        for name in parser.parse_args(argv).models:
            record(measured(name))


if __name__ == "__main__":
    main()
