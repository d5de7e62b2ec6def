"""A split of a dataset by its name, with the events that evaluation sees, or all images of a folder without splits."""

import dataclasses
import functools
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfflows import datasets
from tfflows.datasets import Data, Split
from tfflows.datasets.options import Options
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.scoring import images
from tfflows.sources.spans import Span, even_spans

SPLITS = ("train", "validation", "test")
ALL = "all"


class _LastPart(threading.local):
    """What a thread has read last: images that are skipped are decoded, too, so the next part goes on from there."""

    source: "Named | None" = None
    end: int = 0
    rest: Iterator[dict[str, np.ndarray]] = iter(())


_last = _LastPart()


@dataclasses.dataclass(frozen=True)
class Named:
    """A split of `tfflows.datasets.load`.

    Args:
        dataset: Name of the dataset.
        part: Name of the split, or `"all"` for images without predefined splits.
        options: Options of the dataset, by name.
        event: The event of the model.
        files: Identity of the files of images, so that those that have changed are loaded again; None for other names.
    """

    dataset: str
    part: str
    options: tuple[tuple[str, Any], ...]
    event: Event
    files: str | None

    @classmethod
    def open(cls, dataset: str, part: str | None, event: Event, options: dict[str, Any]) -> "Named":
        """Loads a split, whose events must be those of the model; by default the test set, or all images.

        Raises:
            InputError: The events differ, the dataset has no examples, or it cannot be loaded.
        """
        if part is None and images.are_at(dataset):
            part = ALL
        else:
            part = part or "test"
            check_choice("split", part, SPLITS)
            there = datasets.event(dataset, **options)
            check(there == event, f"Expected the events of {dataset!r} to be those of the model, {event}.", event=there)
        found = cls(dataset, part, tuple(sorted(options.items())), event, images.identity(dataset))
        _load(found)
        return found

    @property
    def name(self) -> str:
        return f"{self.dataset}, {self.part}"

    @property
    def split(self) -> Split:
        return _load(self)

    def identity(self) -> dict[str, Any]:
        options = {name: value for name, value in self.options if name != "data_dir"}
        return {"dataset": self.dataset, "split": self.part, "files": self.files, **options}

    def spans(self, rows: int) -> Iterator[Span]:
        return even_spans(self.split.size, rows)

    def chunks(self, span: Span, size: int) -> Iterator[list[dict[str, np.ndarray]]]:
        goes_on = (_last.source, _last.end) == (self, span.first)
        rest = _last.rest if goes_on else self.split.events().skip(span.first).as_numpy_iterator()
        _last.source = None  # until this part has been read to its end
        examples = itertools.islice(rest, span.rows)
        while chunk := list(itertools.islice(examples, size)):
            yield chunk
        _last.source, _last.end, _last.rest = self, span.first + span.rows, rest

    def decode(self, chunk: list[dict[str, np.ndarray]], first_row: int = 0) -> dict[str, np.ndarray]:
        return {name: np.stack([example[name] for example in chunk]) for name in chunk[0]}


@functools.lru_cache(maxsize=1)
def _load(named: Named) -> Split:
    options = dict(named.options)
    if named.part == ALL:
        return images.split(named.dataset, named.event, Options(**options))
    data = datasets.load(named.dataset, **options)
    check(isinstance(data, Data), "Expected a dataset with examples: a target has none.", input=named.dataset)
    return getattr(data, named.part)
