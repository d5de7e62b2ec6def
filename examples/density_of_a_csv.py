"""Estimates the density of the rows of a CSV file: trains a flow on the file, scores rows, and draws new ones.

    python examples/density_of_a_csv.py --folder=/tmp/rides

The columns are of different kinds: a length, which may be negative, a positive price, a category, and an hour of day,
whose two ends are the same. The kinds are inferred from the values, except that of the hour. The model is a neural
spline flow; its size and the length of its training follow from the number of rows.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

import zoo
from tfflows import datasets, figures, training
from tfflows.datasets import Data
from tfflows.models import GenerativeModel

NAMES = ("detour", "price", "kind", "hour")
KINDS = ("business", "private", "school")


def rides(rows: int, seed: int = 0) -> list[tuple]:
    """Rows of an invented table: what rides cost, and when they start, depends on their kind."""
    random = np.random.default_rng(seed)
    kind = random.choice(3, rows, p=[0.3, 0.5, 0.2])
    hour = random.normal(np.array([9.0, 23.0, 7.5])[kind], np.array([2.0, 2.5, 0.3])[kind]) % 24
    detour = random.normal(size=rows)
    price = np.exp(random.normal(np.array([3.0, 2.5, 1.5])[kind] + 0.3 * detour, 0.3))
    names = np.array(KINDS)[kind]
    return list(zip(detour.tolist(), price.tolist(), names.tolist(), hour.tolist(), strict=True))


def write(path: Path, rows: list[tuple]) -> Path:
    """A CSV with a line of names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([NAMES, *rows])
    return path


def fit(path: Path, workdir: Path, steps: int) -> tuple[GenerativeModel, Data]:
    """A neural spline flow with the best weights on the validation set, and the dataset."""
    changes = {"data.circular": "hour:0:24", "train.steps": steps, "train.warmup_steps": steps // 10}
    config = zoo.configure("nsf", str(path), overrides=changes)
    data = datasets.load(config.dataset, **config.data)
    model = zoo.build(config, data.event)
    fitted = training.fit(model, data, config.settings, seed=config.seed, workdir=config.save_to(workdir), verbose=2)
    return zoo.build(config, data.event, weights=fitted.weights), data


def log_density(model: GenerativeModel, **row: float | str) -> float:
    """Log-density of one row, given by the names of its columns; a category becomes its number."""
    places = {column.name: column for column in model.event.columns}
    categories = {name: column.categories for name, column in places.items() if column.categories}
    x = [categories[name].index(row[name]) if name in categories else row[name] for name in places]
    return float(model.log_prob([x])[0])


def main() -> None:
    """Writes the CSV, trains, and prints and draws what the model knows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/rides"))
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=1500)
    flags = parser.parse_args()

    path = write(flags.folder / "rides.csv", rides(flags.rows))
    model, data = fit(path, flags.folder / "run", flags.steps)
    scores = training.evaluate(model, data.test)
    print(f"Test set: {scores['nats']:.3f} +- {scores['nats_se']:.3f} nats per row, of {scores['num_events']} rows")
    figures.save(figures.picture(model.sample(2000, seed=0).numpy(), data), flags.folder / "corner.png")
    for hour in (7.5, 12.0):
        value = log_density(model, detour=0.0, price=4.5, kind="school", hour=hour)
        print(f"A ride to school at {hour:4.1f}: {value:.2f} nats")


if __name__ == "__main__":
    main()
