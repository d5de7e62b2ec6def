"""Scores the parts on Apache Beam: a worker takes one part at a time, reads it, scores it and saves its scores."""

from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from tfflows.errors import InputError
from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part
from tfflows.scoring.served import Served
from tfflows.sources import storage

ERROR = ".error"


class PartHandler(ModelHandler[Part, int, Served]):
    """Scores parts by the SavedModel, which each process loads once.

    Args:
        job: Job to which the parts belong.
    """

    def __init__(self, job: Job):
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._job = job

    def load_model(self) -> Served:
        return self._job.served()

    def run_inference(
        self, batch: Sequence[Part], model: Served, inference_args: dict[str, Any] | None = None
    ) -> Iterable[int]:
        """Saves the scores of each part and yields its number of rows.

        The error of a wrong row is written to a file, since a runner would retry and print a traceback of its own.
        """
        for part in batch:
            try:
                if not self._job.finished(part):  # by an earlier attempt whose answer was lost
                    self._job.score(part, model)
            except InputError as error:
                with storage.write_whole(self._job.path(part) + ERROR, beside=self._job.folder) as file:
                    file.write(str(error).encode())
            yield part.span.rows

    def get_num_bytes(self, batch: Sequence[Part]) -> int:
        return sum(part.span.stop - part.span.start for part in batch)

    def get_metrics_namespace(self) -> str:
        return "tfflows"


def run(job: Job, parts: Sequence[Part], *, runner: str, options: Sequence[str]) -> None:
    """Scores every part that is not finished yet, and waits for it.

    Args:
        job: Job to which the parts belong; all workers can reach its folder and its input.
        parts: Parts of the whole input.
        runner: Name of the runner.
        options: Options of the pipeline, such as `--direct_num_workers=2`.

    Raises:
        InputError: A row is wrong; the message names it.
    """
    missing = [part for part in parts if not job.finished(part)]
    if not missing:
        return
    _errors(job, missing)
    with beam.Pipeline(options=PipelineOptions([f"--runner={runner}", *options])) as pipeline:
        # `Create` distributes its elements to all workers.
        _ = pipeline | "Parts" >> beam.Create(missing) | "Score" >> RunInference(PartHandler(job))
    for message in _errors(job, missing):
        raise InputError(message)


def _errors(job: Job, parts: Sequence[Part]) -> list[str]:
    """Removes the errors that workers wrote to files, and returns them in the order of the input."""
    found = []
    for path in (job.path(part) + ERROR for part in parts):
        if tf.io.gfile.exists(path):
            with storage.open_to_read(path) as file:
                found.append(file.read().decode())
            tf.io.gfile.remove(path)
    return found
