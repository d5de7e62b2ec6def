"""Ablations on small models of `digits`, each with three seeds: `python -m benchmarks.ablations`.

glow     permutations and couplings: figure 3 of "Glow" (1807.03039)
flowpp   what Flow++ adds to flows, left out one at a time, as in the ablation of "Flow++" (1902.00275)
tarflow  optimizers, with two learning rates each

Every run has the preset of `digits`, but for the settings of its variant.
"""

import argparse
import csv
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import zoo
from benchmarks import timing
from tfflows import datasets, training
from tools import marks

RESULTS = Path(__file__).parent / "results" / "ablations.csv"
DOCUMENT = Path(__file__).parents[1] / "docs" / "results.md"
DATASET, SEEDS = "digits", (0, 1, 2)

Settings = dict[str, Any]

VARIANTS: dict[str, dict[str, Settings]] = {
    "glow": {
        f"{permutation}, {coupling}": {"model.permutation": permutation, "model.coupling": coupling}
        for coupling in ("additive", "affine")
        for permutation in ("reverse", "shuffle", "plu")
    },
    "flowpp": {
        "uniform dequantization": {"model.dequantization": "uniform"},
        "affine couplings": {"model.coupling": "affine"},
        "no self-attention": {"model.attention": False},
        "Flow++": {},
    },
    "tarflow": {
        f"{optimizer.capitalize()}, {rate}": {"train.optimizer": optimizer, "train.learning_rate": rate}
        for optimizer in ("adam", "muon")
        for rate in (0.002, 0.005)
    },
}


def measure(architecture: str, variant: str, seed: int) -> dict[str, Any]:
    """Trains one variant with one seed, and scores the model with the best validation score on the test set."""
    config = zoo.configure(architecture, DATASET, seed=seed, overrides=VARIANTS[architecture][variant])
    data, start = datasets.load(DATASET), time.perf_counter()
    model = zoo.build(config, data.event)
    with tempfile.TemporaryDirectory() as folder:
        how = {"seed": seed, "workdir": Path(folder), "verbose": 0, "only_weights": True}
        fitted = training.fit(model, data, config.settings, **how)
        model = zoo.build(config, data.event, weights=fitted.weights)
    scores = training.evaluate(model, data.test)
    return {
        **{"architecture": architecture, "variant": variant, "seed": seed, "parameters": model.count_params()},
        **{"steps": fitted.account["steps"], "seconds": round(time.perf_counter() - start, 1)},
        **{name: round(scores[name], 4) for name in ("bits_per_dim", "bits_per_dim_se")},
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The mean over the seeds of each variant, the best last, with the standard deviation between seeds."""
    newest = {(row["architecture"], row["variant"], row["seed"]): row for row in rows}
    lines = ["| model | variant | bits/dim, mean of seeds | between seeds | seeds | parameters |", "|---" * 6 + "|"]
    for architecture in VARIANTS:
        found = {
            variant: [row for (name, which, _), row in newest.items() if (name, which) == (architecture, variant)]
            for variant in VARIANTS[architecture]
        }
        for variant, each in sorted(found.items(), key=lambda pair: -_mean(pair[1])):
            if each:
                scores = [float(row["bits_per_dim"]) for row in each]
                between = f"{statistics.stdev(scores):.3f}" if len(scores) > 1 else "-"
                cells = (f"{_mean(each):.3f}", between, str(len(each)), f"{int(each[0]['parameters']):,}")
                lines.append(f"| `{architecture}` | {variant} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _mean(rows: list[dict[str, Any]]) -> float:
    return statistics.fmean(float(row["bits_per_dim"]) for row in rows) if rows else 0.0


def main() -> None:
    """Runs what is asked for, appends a row for each run, and renews the table of the documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", choices=VARIANTS, default=tuple(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    for architecture in given.models:
        for seed in given.seeds:
            for variant in VARIANTS[architecture]:
                row = measure(architecture, variant, seed)
                timing.append(given.output, [row])
                print(row, flush=True)
    with given.output.open(newline="") as file:
        marks.renew(DOCUMENT, "ablations", table(list(csv.DictReader(file))))


if __name__ == "__main__":
    main()
