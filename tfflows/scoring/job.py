"""How one part is read, scored and saved, on one machine or on many."""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.errors import check
from tfflows.events import Event
from tfflows.scoring.parts import Part
from tfflows.scoring.served import Served, Version
from tfflows.sources import storage
from tfflows.sources.npy import Npy
from tfflows.sources.spans import Span, apply_naming_row


@dataclasses.dataclass(frozen=True)
class Job:
    """Everything that determines a score, and the folder of the finished parts; small and picklable.

    Args:
        version: Version of the exported model.
        event: Event that the model scores.
        folder: Folder of the finished parts, next to the output.
        batch_size: Number of rows that are scored at a time.
        labels: Labels of the rows, in their order, if they are in a separate file.
    """

    version: Version
    event: Event
    folder: str
    batch_size: int
    labels: Npy | None = None

    def served(self) -> Served:
        """Loads the model."""
        return Served(self.version, self.batch_size)

    def path(self, part: Part) -> str:
        """Path of the scores of a part: nats, float32 `[rows]`."""
        return os.path.join(self.folder, f"part-{part.number:09d}.npy")

    def finished(self, part: Part) -> bool:
        """Whether the scores of a part are saved; they are written atomically."""
        return tf.io.gfile.exists(self.path(part))

    def score(self, part: Part, served: Served, *, progress: Callable[[int], Any] = lambda rows: None) -> None:
        """Scores a part and saves its scores.

        Raises:
            InputError: A row is wrong; the message names it.
        """
        scores = [np.zeros(0, np.float32)]
        for inputs in self.inputs(part):
            scores.append(served(**inputs))
            progress(len(scores[-1]))
        with storage.write_whole(self.path(part), beside=self.folder) as file:
            np.save(file, np.concatenate(scores))

    def check_first_rows(self, parts: Sequence[Part]) -> None:
        """Reads the first batch of each source.

        Raises:
            InputError: A row is wrong; the message names it.
        """
        for part in parts:
            if part.span.first == 0:
                next(self.inputs(part))

    def inputs(self, part: Part) -> Iterator[dict[str, tf.Tensor]]:
        """Inputs of the model for the rows of a part, checked, at most `batch_size` rows at a time.

        Raises:
            InputError: A row is wrong; the message names it.
        """
        done = 0
        for chunk in part.source.chunks(part.span, self.batch_size):
            checked = functools.partial(self._checked, part)
            inputs = apply_naming_row(checked, chunk, part.source.name, part.span.first + done)
            if self.labels is not None:
                inputs["label"] = self._labels(Span(part.row + done, len(chunk)))
            done += len(chunk)
            yield inputs
        check(done == part.span.rows, f"Expected {part.source.name!r} not to change while it is scored.", rows=done)

    def _checked(self, part: Part, chunk: Sequence, first: int) -> dict[str, tf.Tensor]:
        decoded = part.source.decode(chunk, first)
        inputs = {"x": self.event.check(decoded["x"], first_row=first)}
        if self.event.context:
            rule = "Expected an input with a `context` for each row, which only the named columns of a table can give."
            check("context" in decoded, rule, input=part.source.name)
            inputs["context"] = self.event.check_context(decoded["context"], first_row=first)
        if self.event.classes and self.labels is None:
            rule = "Expected a `label` for each row: in the input, or in a .npy file given as `labels`."
            check("label" in decoded, rule, input=part.source.name)
            inputs["label"] = self._label(decoded["label"], first)
        return inputs

    def _labels(self, span: Span) -> tf.Tensor:
        (labels,) = self.labels.chunks(span, span.rows)
        return apply_naming_row(self._label, labels, self.labels.name, span.first)

    def _label(self, label: np.ndarray, first: int) -> tf.Tensor:
        return self.event.check_label(label, len(label), first_row=first)
