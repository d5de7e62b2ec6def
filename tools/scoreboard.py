"""The tables of pretrained models, in Markdown: the best model of each dataset, and all models with their scores."""

from collections.abc import Callable

from tfflows import datasets
from tfflows.events import Event

# The score to compare with on a dataset, of a large model of a paper: where a truth is known, it is the truth instead.
ANCHORS = {
    "bsds300_patches": "155.69 nats, MAF (1705.07057); 157.54, NSF (1906.04032)",
    "cifar10": "2.92 bits/dim, PixelCNN++ (1701.05517); 3.08, Flow++ (1902.00275)",
    "dynamic_mnist": "-80.80 nats, IAF-VAE (1606.04934)",
    "fashion_mnist": "3.141 bits/dim, Glow (code of 2006.08545)",
    "mnist": "0.99 bits/dim, FFJORD (1810.01367)",
}


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
    return f"{int(row['steps']):,} steps, {_duration(float(row['seconds']))} on {hardware(row['hardware'])}"


def hardware(text: str) -> str:
    """The machine of a run; exports of earlier versions say "1 cores"."""
    return text.replace(" 1 cores", " 1 core")


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
