"""A served model under load, in rows per second and milliseconds; `python -m benchmarks.serving` writes a CSV.

The emulator runs in a process of its own, over gRPC with server-side batching and without, and over REST; the
bare SavedModel is called in this process. All clients are threads of this process, which therefore uses part of the
processor: compare rows of one run with each other. Run it with nothing else on the machine. The newest row of each
setting goes to the table of docs/serving.md.
"""

import argparse
import contextlib
import csv
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from benchmarks import timing
from benchmarks.servers import EMULATOR, ROOT, serving
from tfflows import noise
from tfflows.serving import Client
from tools import marks
from zoo.pretrained import exported_folder, exported_version

BATCHED = ("--enable_batching", f"--batching_parameters_file={ROOT / 'serving' / 'batching.config'}")
KEY = ("model", "server", "rows_per_request", "clients")
DOCS = ROOT / "docs" / "serving.md"
Call = Callable[[], Any]


@contextlib.contextmanager
def bare(model: str, rows: int) -> Iterator[Callable[[], Call]]:
    """The SavedModel, called in this process."""
    loaded = tf.saved_model.load(str(exported_version(model)))
    x = events(loaded, rows)

    def call():
        return loaded.signatures["log_prob"](x=x)["log_prob"].numpy()

    yield lambda: call


@contextlib.contextmanager
def emulator(model: str, rows: int, *flags: str, rest: bool = False) -> Iterator[Callable[[], Call]]:
    """The emulator; each caller has its own client."""
    flags = (f"--model_name={model}", f"--model_base_path={exported_folder(model)}", *flags)
    with serving([*EMULATOR, *flags], model=model) as server, contextlib.ExitStack() as clients:
        address = server.rest_address if rest else server.address
        with Client(address, model) as client:
            x = client.sample(rows, seed=0)

        def connect() -> Call:
            client = clients.enter_context(Client(address, model, max_batch_size=rows))
            return lambda: client.log_prob(x)

        yield connect


SERVERS = {
    "bare SavedModel": bare,
    "gRPC": emulator,
    "gRPC, batched": lambda model, rows: emulator(model, rows, *BATCHED),
    "REST": lambda model, rows: emulator(model, rows, rest=True),
}


def events(loaded, rows: int) -> tf.Tensor:
    """Samples of a model, to score."""
    return loaded.signatures["sample"](seed=noise.sample_seeds(0, rows), temperature=tf.ones([rows]))["x"]


def latencies(calls: list[Call], *, seconds: float, warm_up: float) -> list[float]:
    """Seconds of each request that began after the warm-up, of callers that ask again as soon as they are answered."""
    begin = time.perf_counter() + warm_up
    end = begin + seconds
    times: list[float] = []

    def ask(call: Call) -> None:
        while (before := time.perf_counter()) < end:
            call()
            if before >= begin:
                times.append(time.perf_counter() - before)

    threads = [threading.Thread(target=ask, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def measure(model: str, server: str, rows: int, counts: list[int], *, seconds: float) -> Iterator[dict[str, Any]]:
    """A row for each number of concurrent clients."""
    with SERVERS[server](model, rows) as connect:
        connect()()  # the graph is optimized
        for clients in counts:
            times = latencies([connect() for _ in range(clients)], seconds=seconds, warm_up=min(1.0, seconds))
            cuts = statistics.quantiles(times, n=100, method="inclusive")
            row = dict(zip(KEY, (model, server, rows, clients), strict=True))
            row |= {"rows_per_second": round(len(times) * rows / seconds, 1), "requests": len(times)}
            row |= {"p50_ms": round(1e3 * cuts[49], 2), "p99_ms": round(1e3 * cuts[98], 2), "seconds": seconds}
            print(row, flush=True)
            yield row


def markdown(rows: list[dict[str, str]]) -> str:
    """The newest row of each setting."""
    newest = {tuple(row[name] for name in KEY): row for row in rows}
    lines = ["| model | served by | rows a request | clients | rows per second | p50, ms | p99, ms |", "|---" * 7 + "|"]
    for (model, server, rows_per_request, clients), row in newest.items():
        cells = (f"`{model}`", server, rows_per_request, clients, f"{float(row['rows_per_second']):,.0f}")
        lines.append(f"| {' | '.join((*cells, row['p50_ms'], row['p99_ms']))} |")
    return "\n".join(lines) + "\n"


def renew(docs: Path, table: Path) -> None:
    """Writes the table into the documentation, between its marks."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    marks.renew(docs, "load", markdown(rows))


def main() -> None:
    """Measures what is asked for, appends a row for each setting, and renews the table of the documentation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="realnvp_digits", help="id of a pretrained model, without labels")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 16], help="in a request, at most 64")
    parser.add_argument("--clients", nargs="+", type=int, default=[1, 8, 64], help="that ask at the same time")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each setting, after a second to warm up")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "serving.csv")
    parser.add_argument("--docs", type=Path, default=DOCS, help="gets the table")
    arguments = parser.parse_args()
    for server in arguments.servers:
        for rows in arguments.rows:
            measured = measure(arguments.model, server, rows, arguments.clients, seconds=arguments.seconds)
            timing.append(arguments.output, list(measured))
    renew(arguments.docs, arguments.output)


if __name__ == "__main__":
    main()
