"""The same parts on Apache Beam: a worker takes a part at a time, reads it, scores it and keeps its scores."""

from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from tfflows.errors import InputError
from tfflows.scoring import storage
from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part
from tfflows.scoring.served import Served

COMPLAINT = ".complaint"


class PartHandler(ModelHandler[Part, int, Served]):
    """Scores parts by the SavedModel, which each process loads once.

    Args:
        job: What to do with a part.
    """

    def __init__(self, job: Job):
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._job = job

    def load_model(self) -> Served:
        return self._job.served()

    def run_inference(
        self, batch: Sequence[Part], model: Served, inference_args: dict[str, Any] | None = None
    ) -> Iterable[int]:
        """Keeps the scores of each part and yields its rows.

        A wrong row is written down instead of raised: a runner would try it again, and show a traceback of its own.
        """
        for part in batch:
            try:
                if not self._job.finished(part):  # by an attempt whose answer was lost
                    self._job.score(part, model)
            except InputError as error:
                with storage.written(self._job.path(part) + COMPLAINT, beside=self._job.folder) as file:
                    file.write(str(error).encode())
            yield part.span.rows

    def get_num_bytes(self, batch: Sequence[Part]) -> int:
        return sum(part.span.stop - part.span.start for part in batch)

    def get_metrics_namespace(self) -> str:
        return "tfflows"


def run(job: Job, parts: Sequence[Part], *, runner: str, options: Sequence[str]) -> None:
    """Scores every part that is not finished yet, and waits for it.

    Args:
        job: What to do with a part; its folder and its input are where all workers find them.
        parts: Of the whole input.
        runner: Name of Beam's runner.
        options: Of the pipeline, such as `--direct_num_workers=2`.

    Raises:
        InputError: A row is wrong; the message names it.
    """
    missing = [part for part in parts if not job.finished(part)]
    if not missing:
        return
    _complaints(job, missing)
    with beam.Pipeline(options=PipelineOptions([f"--runner={runner}", *options])) as pipeline:
        # `Create` deals its elements out to all workers.
        _ = pipeline | "Parts" >> beam.Create(missing) | "Score" >> RunInference(PartHandler(job))
    for complaint in _complaints(job, missing):
        raise InputError(complaint)


def _complaints(job: Job, parts: Sequence[Part]) -> list[str]:
    """What workers wrote down of wrong rows, in the order of the input; it is gone afterwards."""
    found = []
    for path in (job.path(part) + COMPLAINT for part in parts):
        if tf.io.gfile.exists(path):
            with storage.opened(path) as file:
                found.append(file.read().decode())
            tf.io.gfile.remove(path)
    return found
