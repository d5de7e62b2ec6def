"""What both sides of the comparison run: a process that measures calls of models, asked by lines of JSON.

    {"model": "maf"}                                              -> {"weights": 3000000}
    {"model": "maf", "call": "log_prob", "batch": 100}            -> {"shape": [100], "mode": "compiled"}, warmed up
    {"model": "maf", "call": "log_prob", "batch": 100, "seconds": 1.0}  -> {"times": [0.0031, ...]}
    {"memory": true}                                              -> {"start": 410.5, "peak": 1320.0}, in MB

With a `"mode"`, a call runs in that mode, and no other is tried. The memory at the start is that of the process after
its imports.

It imports nothing but the standard library, as the environments of the two sides have nothing else in common.
"""

import abc
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Model(abc.ABC):
    """A model of one side."""

    @property
    @abc.abstractmethod
    def weights(self) -> int:
        """Number of trainable weights."""

    @abc.abstractmethod
    def modes(self, call: str, batch: int) -> dict[str, Callable[[], tuple[int, ...]]]:
        """Functions for `"train_step"`, `"log_prob"` or `"sample"`, by the mode in which they run.

        Each returns the shape of the result when it is finished.
        """


def serve(makers: Mapping[str, Callable[[], Model]]) -> None:
    """Answers each line of the standard input until it ends."""
    models: dict[str, Model] = {}
    start = peak_memory()
    ready: dict[tuple[str, str, int], Callable[[], tuple[int, ...]]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        name, call, batch = (asked.get(key) for key in ("model", "call", "batch"))
        model = name and (models.get(name) or models.setdefault(name, makers[name]()))
        if name is None:
            answer = {"start": start, "peak": peak_memory()}
        elif call is None:
            answer = {"weights": model.weights}
        elif (name, call, batch) in ready:
            answer = {"times": times(ready[name, call, batch], asked["seconds"])}
        else:
            modes = model.modes(call, batch)
            chosen = {asked["mode"]: modes[asked["mode"]]} if "mode" in asked else modes
            mode, ready[name, call, batch] = fastest(chosen)
            answer = {"mode": mode, "shape": list(ready[name, call, batch]())}
        print(json.dumps(answer), flush=True)


def fastest(modes: Mapping[str, Callable[[], Any]]) -> tuple[str, Callable[[], Any]]:
    """The mode with the least time, each after two calls that compile it and warm it up."""
    found = {}
    for mode, function in modes.items():
        function(), function()
        found[mode] = min(times(function, 0.3)) if len(modes) > 1 else 0.0
    best = min(found, key=found.get)
    return best, modes[best]


def peak_memory() -> float:
    """The most memory that the process had at any time, in MB; Linux only."""
    # Not `resource.getrusage`, whose number starts with that of the process that forked this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))


def times(function: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds of each call, until they add up to `seconds`."""
    found: list[float] = []
    while not found or sum(found) < seconds:
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return found
