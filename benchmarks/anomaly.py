"""Detection of anomalies in real tables: `python -m benchmarks.anomaly` writes a CSV, `--report` prints its means.

Each table of ADBench (Han et al., "ADBench: Anomaly detection benchmark", 2206.09426) is split at random, stratified,
70 to 30. Unsupervised methods are fitted to the training part as it is, one-class methods to its normal rows. The test
part is ranked by the negative log-likelihood, or by the score of a method of scikit-learn with its default settings on
standardized columns. `DensityEstimator` has the same rules for all tables, and the bandwidth of Scott's rule, as
`KernelDensity` has. A row of the CSV that is there is not run again.
"""

import argparse
import csv
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

import zoo
from benchmarks import timing
from tfflows.errors import TrainingError, check
from tools import marks

TABLES = (
    *("wine", "glass", "Ionosphere", "WDBC", "Pima", "cardio", "thyroid", "SpamBase", "optdigits", "PageBlocks"),
    *("satellite", "pendigits", "mammography", "magic.gamma", "shuttle"),
)
SETTINGS = ("unsupervised", "one-class")
FLOWS = ("nsf", "maf", "realnvp")
OTHERS: dict[str, Callable[[int], BaseEstimator]] = {
    "isolation_forest": lambda seed: IsolationForest(random_state=seed),
    "local_outlier_factor": lambda _: LocalOutlierFactor(novelty=True),
    "one_class_svm": lambda _: OneClassSVM(),
    "kernel_density": lambda _: KernelDensity(bandwidth="scott"),
}
METHODS = (*FLOWS, *OTHERS)
MOST_ROWS = 10_000  # to which the methods below are fitted, as their time grows faster than the number of rows
SUBSAMPLED = ("local_outlier_factor", "one_class_svm", "kernel_density")
FITS = 20  # in one process, as TensorFlow keeps up to 200 MB of each
RESULTS = Path(__file__).parent / "results" / "anomaly.csv"
DOCUMENT = Path(__file__).parents[1] / "docs" / "tables.md"
KEY = ("table", "setting", "seed", "method")


def estimator(method: str, seed: int) -> BaseEstimator:
    """An unfitted estimator with `score_samples`."""
    if method in FLOWS:
        return zoo.DensityEstimator(method, bandwidth="scott", random_state=seed)
    return make_pipeline(StandardScaler(), OTHERS[method](seed))


def training_rows(x: np.ndarray, y: np.ndarray, setting: str, method: str, seed: int) -> np.ndarray:
    """What a method is fitted to, of the training part."""
    x = x[y == 0] if setting == "one-class" else x
    if method not in SUBSAMPLED or len(x) <= MOST_ROWS:
        return x
    return x[np.random.default_rng(seed).permutation(len(x))[:MOST_ROWS]]


def ranked(anomaly: np.ndarray) -> np.ndarray:
    """Scores that metrics take: an impossible row comes first, with the others that are impossible.

    Raises:
        InputError: A score is NaN.
    """
    check(not np.isnan(anomaly).any(), "Expected no score to be NaN.", rows=int(np.isnan(anomaly).sum()))
    return np.unique(anomaly, return_inverse=True)[1]


def measure(file: Path, setting: str, seed: int, method: str) -> dict[str, Any]:
    """Fits a method and ranks the test part."""
    with np.load(file) as arrays:
        x, y = arrays["X"], arrays["y"]
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.3, stratify=y, random_state=seed)
    x = training_rows(x, y, setting, method, seed)
    found = {"auroc": "", "average_precision": "", "seconds": "", "rows": len(x), "columns": x.shape[1]}
    found |= {"impossible": "", "failure": ""}
    start = time.perf_counter()
    try:
        anomaly = -estimator(method, seed).fit(x).score_samples(x_test)
    except (ValueError, TrainingError) as error:
        return {**found, "failure": str(error)}
    found["seconds"] = round(time.perf_counter() - start, 2)
    ranks = ranked(anomaly)
    found["auroc"] = round(roc_auc_score(y_test, ranks), 4)
    found["average_precision"] = round(average_precision_score(y_test, ranks), 4)
    return {**found, "impossible": int(np.isinf(anomaly).sum())}


def missing(path: Path, tables: Iterable[str], seeds: int, methods: Iterable[str]) -> list[tuple[str, str, int, str]]:
    """What is not in the CSV yet, as table, setting, seed and method."""
    done = {tuple(row[name] for name in KEY) for row in read(path)}
    every = itertools.product(tables, SETTINGS, range(seeds), methods)
    return [one for one in every if tuple(map(str, one)) not in done]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of the CSV, none if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def run(
    data: Path, output: Path, wanted: Iterable[tuple[str, str, int, str]], call: Callable[..., dict[str, Any]]
) -> None:
    """Appends a row for each of `wanted` as soon as it is measured, by `call(measure, file, setting, seed, method)`."""
    for table, group in itertools.groupby(wanted, key=lambda one: one[0]):
        file = data / f"{table}.npz"
        if not file.exists():
            print(f"Skipped {table}: there is no {file}.")
            continue
        for one in group:
            row = {**dict(zip(KEY, one, strict=True)), **call(measure, file, *one[1:])}
            print(row, flush=True)
            timing.append(output, [row])


def report(rows: list[dict[str, str]], value: str, setting: str) -> str:
    """Means over the splits that all methods have, as a table in Markdown; the last line has those over the tables."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        if row["setting"] == setting and row[value]:
            found.setdefault(row["table"], {}).setdefault(row["seed"], {})[row["method"]] = float(row[value])
    present = {method for splits in found.values() for split in splits.values() for method in split}
    methods = [method for method in METHODS if method in present]
    title = f"{setting}, {value.replace('auroc', 'AUROC').replace('_', ' ')}"
    lines = [f"| {title} | {' | '.join(method.replace('_', ' ') for method in methods)} | splits |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    means = []
    for table in TABLES:
        splits = [split for split in found.get(table, {}).values() if len(split) == len(methods)]
        if splits:
            means.append(np.mean([[split[method] for method in methods] for split in splits], axis=0))
            lines.append(f"| {table} | {_numbers(means[-1])} | {len(splits)} |")
    if means:
        lines.append(f"| mean of {len(means)} | {_numbers(np.mean(means, axis=0))} | |")
    return "\n".join(lines)


def _numbers(values: np.ndarray) -> str:
    return " | ".join(f"{value:.3f}" for value in values)


def main() -> None:
    """Measures what is missing, or prints the means of what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seeds", type=int, default=5, help="number of splits")
    parser.add_argument("--report", action="store_true", help="print the means, and measure nothing")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/adbench"), help="folder of the .npz files")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    if not given.report:
        wanted = missing(given.output, given.tables, given.seeds, given.methods)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=FITS) as pool:
            run(given.data, given.output, wanted, lambda *task: pool.submit(*task).result())
    rows = read(given.output)
    for value in ("auroc", "average_precision"):
        tables = "\n\n".join(report(rows, value, setting) for setting in SETTINGS)
        print(f"\n{tables}")
        if value == "auroc" and given.output == RESULTS:
            marks.renew(DOCUMENT, "anomaly", f"{tables}\n")


if __name__ == "__main__":
    main()
