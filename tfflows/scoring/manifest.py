"""The manifest of an unfinished run, by which a restarted run recognizes its own parts."""

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfflows.errors import InputError, check
from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part, total
from tfflows.sources import storage
from tfflows.sources.spans import Source

MANIFEST = "manifest.json"
SHOWN = 200  # characters of a value that an error quotes


def folder(output: str) -> str:
    """Path of the folder of finished parts: hidden, next to `output`, and removed when `output` is complete."""
    where, name = os.path.split(output)
    return os.path.join(where, f".{name}.partial")


def record(job: Job, sources: Sequence[Source], parts: Sequence[Part], part_rows: int) -> dict[str, Any]:
    """Everything that determines what the parts contain, for JSON."""
    return {
        "model": job.version.identity(),
        "input": [source.identity() for source in sources],
        "labels": job.labels and job.labels.identity(),
        "batch_size": job.batch_size,
        "part_rows": part_rows,
        "rows": total(parts),
    }


def open_or_create(job: Job, record: dict[str, Any], *, restart: bool = False) -> None:
    """Creates the folder of the parts, or opens the folder that a run with the same `record` left.

    Args:
        job: Job to which the folder belongs.
        record: Record of this run.
        restart: Whether to throw away the parts of an earlier run.

    Raises:
        InputError: The folder belongs to another run, or cannot be written.
    """
    path = os.path.join(job.folder, MANIFEST)
    if restart and tf.io.gfile.exists(job.folder):
        tf.io.gfile.rmtree(job.folder)
    if tf.io.gfile.exists(path):
        with storage.open_to_read(path) as file:
            _compare(job.folder, json.load(file), json.loads(json.dumps(record)))
        return
    try:
        tf.io.gfile.makedirs(job.folder)
        with storage.write_whole(path, beside=job.folder) as file:
            file.write(json.dumps(record, indent=2).encode())
    except tf.errors.OpError as error:
        rule = "Expected `output` to be in a folder that can be written."
        raise InputError(f"{rule} Received: {job.folder!r} ({error.message}).") from error


def _compare(folder: str, there: dict[str, Any], here: dict[str, Any]) -> None:
    different = {
        name: f"{_short(there.get(name))} before, {_short(value)} now"
        for name, value in here.items()
        if there.get(name) != value
    }
    rule = f"Expected the settings, model and input of the run in {folder!r}: restore them, choose another `output`,"
    check(not different, f"{rule} or set `restart` to throw its parts away.", **different)


def _short(value: Any) -> str:
    return value if len(value := str(value)) <= SHOWN else f"{value[:SHOWN]}..."
