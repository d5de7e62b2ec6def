"""What both sides of the comparison run: a process that measures calls of models, asked by lines of JSON.

    {"model": "maf"}                                              -> {"weights": 3000000}
    {"model": "maf", "call": "log_prob", "batch": 100}            -> {"shape": [100], "mode": "compiled"}, warmed up
    {"model": "maf", "call": "log_prob", "batch": 100, "seconds": 1.0}  -> {"times": [0.0031, ...]}

It imports nothing but the standard library, as the environments of the two sides have nothing else in common.
"""

import abc
import json
import sys
import time
from collections.abc import Callable, Mapping
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
    ready: dict[tuple[str, str, int], Callable[[], tuple[int, ...]]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        name, call, batch = (asked.get(key) for key in ("model", "call", "batch"))
        model = models.get(name) or models.setdefault(name, makers[name]())
        if call is None:
            answer = {"weights": model.weights}
        elif (name, call, batch) in ready:
            answer = {"times": times(ready[name, call, batch], asked["seconds"])}
        else:
            mode, ready[name, call, batch] = fastest(model.modes(call, batch))
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


def times(function: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds of each call, until they add up to `seconds`."""
    found: list[float] = []
    while not found or sum(found) < seconds:
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return found
