"""Finds anomalies in a CSV file: trains on past rows, exports the model, flags unlikely new rows, and asks a server.

    python examples/anomalies_of_a_csv.py --folder=/tmp/pumps
    python examples/anomalies_of_a_csv.py --folder=/tmp/pumps --server=localhost:8500       once a server serves it

The table is the log of a pump, with the mode, the load, the temperature and the hour of day. Each value of a wrong row
also occurs in right rows; only the combination of the values is wrong, so no limit on a single column finds it. The
export contains the scores of the training set. A row that scores below their 0.01 quantile is flagged, so about 1% of
the right rows are flagged, too.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from tfflows.scoring import score
from tfflows.serving import Client

NAMES = ("mode", "load", "temperature", "hour")
MODES = ("day", "night")
WRONG = (
    ("night", 8.0, 52.0, 13.0),  # the load of a day, and at noon, in the mode of the night
    ("day", 8.0, 31.0, 14.0),  # cool under load: the sensor hangs
    ("night", 2.0, 55.0, 2.0),  # hot without load
    ("day", 2.0, 30.0, 12.0),  # no load by day
)


def log(rows: int, seed: int) -> list[tuple]:
    """Right rows: the load follows from the mode, the temperature from the load, and the mode from the hour."""
    random = np.random.default_rng(seed)
    hour = random.uniform(0, 24, rows)
    is_day = (hour > 6) & (hour < 22)
    load = np.where(is_day, random.normal(8, 1, rows), random.normal(2, 0.4, rows))
    temperature = 25 + 3.4 * load + random.normal(0, 1.5, rows)
    modes = np.where(is_day, "day", "night")
    return list(zip(modes.tolist(), load.tolist(), temperature.tolist(), hour.tolist(), strict=True))


def write(path: Path, rows: list[tuple]) -> Path:
    """A CSV with a line of names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([NAMES, *rows])
    return path


def train(path: Path, folder: Path, steps: int) -> Path:
    """Trains by the command, `tfflows-train` where tfflows is installed, and returns the folder of the export."""
    settings = {"data.circular": "hour:0:24", "train.warmup_steps": steps // 10}
    words = [sys.executable, "-m", "train", "--model=nsf", f"--dataset={path}", "--name=pumps", f"--steps={steps}"]
    words += [f"--set={name}={value}" for name, value in settings.items()]
    subprocess.run([*words, f"--workdir={folder / 'run'}", f"--export_dir={folder / 'exported'}"], check=True)
    return folder / "exported" / "pumps"


def flagged(model: Path, path: Path) -> list[tuple[int, float]]:
    """The rows of a CSV, from 0, that the model flags, with their scores in nats, the least likely first."""
    output = path.with_name("scores.npy")
    print(score(model, path, output, flag_below_quantile=0.01).report)
    scores = np.load(output)
    rows = np.flatnonzero(scores["outlier"])
    return sorted(((int(row), float(scores["log_prob"][row])) for row in rows), key=lambda each: each[1])


def ask(address: str, rows: list[tuple]) -> np.ndarray:
    """The scores of rows by a server; a category is its number, in the order in which the model card lists them."""
    x = [[MODES.index(mode), *numbers] for mode, *numbers in rows]
    with Client(address, "pumps") as client:
        return client.log_prob(np.array(x))


def main() -> None:
    """The whole way, from files to answers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/pumps_example"))
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--server", help="address of a server of the export, of which nothing else is then done")
    flags = parser.parse_args()
    if flags.server:
        for value, row in zip(ask(flags.server, WRONG), WRONG, strict=True):
            print(f"{value:8.2f} nats  {row}")
        return
    past = write(flags.folder / "past.csv", log(5000, seed=0))
    rows = [*log(500, seed=1), *WRONG]
    new = write(flags.folder / "new.csv", rows)
    model = train(past, flags.folder, flags.steps)
    for row, value in flagged(model, new):
        print(f"row {row:4}  {value:8.2f} nats  {rows[row]}")
    print(f"\nServe it: tensorflow_model_server --port=8500 --model_name=pumps --model_base_path={model.resolve()}")


if __name__ == "__main__":
    main()
