"""Scores the parts one after another in this process."""

from collections.abc import Sequence

import tqdm

from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part, total


def run(job: Job, parts: Sequence[Part]) -> None:
    """Scores every part that is not finished yet, with a progress bar of rows.

    Raises:
        InputError: A row is wrong; the message names it.
    """
    missing = [part for part in parts if not job.finished(part)]
    if missing:
        served = job.served()
        with tqdm.tqdm(total=total(parts), initial=total(parts) - total(missing), unit=" rows", unit_scale=True) as bar:
            for part in missing:
                job.score(part, served, progress=bar.update)
