"""Records how well scores tell another dataset from the test set: `python -m tools.ood MODEL OTHER [BACKGROUND]`.

docs/ood.csv        a row for each model, other dataset and score
docs/generate.md    the table of the rows
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import zoo
from tfflows.export.provenance import commit
from tfflows.generate.densities import auroc
from tfflows.generate.modes import ood
from tools import command, marks, table
from tools.trained import trained

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS = ("model", "dataset", "other", "score", "auroc", "events", "background", "commit")
EVENTS = 2000

Row = Mapping[str, str]


def measured(name: str, other: str, background: str | None) -> list[dict[str, str]]:
    """The rows of a pretrained model."""
    model = trained(name)
    arrays = ood(model, other=other, background=background and zoo.load(background), limit=EVENTS).arrays
    methods = [key.removesuffix("_inside") for key in arrays if key.endswith("_inside")]
    common = {"model": name, "dataset": model.dataset, "other": other, "events": str(EVENTS), "commit": commit(DOCS)}
    return [
        {
            **{**common, "score": method, "background": background if method == "likelihood_ratio" else ""},
            "auroc": f"{auroc(arrays[f'{method}_inside'], arrays[f'{method}_outside']):.4f}",
        }
        for method in methods
    ]


def record(new: list[dict[str, str]], docs: Path = DOCS) -> None:
    """Writes rows into the table, in place of those of the same models and datasets, and renews the page."""
    rows = table.add(
        new,
        docs / "ood.csv",
        COLUMNS,
        run=lambda row: (row["model"], row["other"]),
        order=lambda row: (row["dataset"], row["other"], row["model"]),
    )
    marks.renew(docs / "generate.md", "ood", markdown(rows))


def markdown(rows: list[Row]) -> str:
    """A line for each model and other dataset, with a column for each score."""
    methods = list(dict.fromkeys(row["score"] for row in rows))
    lines = [f"| model | test set against | {' | '.join(methods)} |", "|---" * (2 + len(methods)) + "|"]
    for model, other in dict.fromkeys((row["model"], row["other"]) for row in rows):
        found = {row["score"]: row["auroc"] for row in rows if (row["model"], row["other"]) == (model, other)}
        lines.append(f"| `{model}` | `{other}` | {' | '.join(found.get(method, '-') for method in methods)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Measures a model, and records it."""
    parser = command.parser(__doc__)
    parser.add_argument("model", help="id or folder of a pretrained model")
    parser.add_argument("other", help="name of another dataset")
    parser.add_argument("background", nargs="?", help="id or folder of a background model")
    given = parser.parse_args(argv)
    with command.errors_in_one_line("tools.ood"):
        record(measured(given.model, given.other, given.background))


if __name__ == "__main__":
    main()
