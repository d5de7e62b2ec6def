"""The table of scores, with a row for each row of the input; it is written part by part."""

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tfflows import metrics
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.scoring import keeping
from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part, total
from tfflows.scoring.summary import Summary
from tfflows.sources import storage

Columns = dict[str, np.ndarray]


def write(
    path: str, job: Job, parts: Sequence[Part], threshold: float | None, summary: Summary, kept: pa.Schema
) -> None:
    """Writes the scores of all parts, in order, in the format of `path`'s ending, atomically.

    Args:
        path: Path of the output.
        job: Job whose parts are finished; the output is written in its folder, then renamed.
        parts: All parts, in order.
        threshold: Score in nats below which a row is an outlier; None leaves that column out.
        summary: Summary to which the written scores are added.
        kept: Columns of the input that come first.
    """

    def tables() -> Iterator[Columns]:
        for part in parts:
            one = columns(_scores(job, part), job.event, threshold)
            summary.add(one)
            yield {**keeping.columns(part, kept.names), **one}

    empty = dict(zip(kept.names, kept.empty_table().columns, strict=True))
    empty |= columns(np.zeros(0, np.float32), job.event, threshold)
    with storage.write_whole(path, beside=job.folder) as file:
        WRITERS[check_ending(path)](file, tables(), empty, total(parts))


def _scores(job: Job, part: Part) -> np.ndarray:
    with storage.open_to_read(job.path(part)) as file:
        scores = np.load(file)
    rule = f"Expected {job.path(part)!r} to hold {part.span.rows} scores: set `restart` to score all parts again."
    check(len(scores) == part.span.rows, rule, scores=len(scores))
    return scores


def columns(log_prob: np.ndarray, event: Event, threshold: float | None) -> Columns:
    """`log_prob` in nats, `bits_per_dim` of discrete events, and `outlier` if there is a threshold."""
    result = {"log_prob": log_prob}
    if event.discrete:
        result["bits_per_dim"] = metrics.bits_per_dim(log_prob, event)
    if threshold is not None:
        result["outlier"] = ~(log_prob >= np.float64(threshold))  # a NaN is an outlier, too
    return result


def check_ending(path: str) -> str:
    """Ending of the output's name, which selects its format.

    Raises:
        InputError: The format is unknown.
    """
    _, ending = os.path.splitext(path)
    check_choice("ending of the output", ending, WRITERS)
    return ending


def _csv(file: BinaryIO, tables: Iterator[Columns], empty: Columns, _: int) -> None:
    with pa.csv.CSVWriter(file, pa.table(empty).schema) as writer:
        for one in tables:
            writer.write_table(pa.table(one))


def _parquet(file: BinaryIO, tables: Iterator[Columns], empty: Columns, _: int) -> None:
    with pq.ParquetWriter(file, pa.table(empty).schema) as writer:
        for one in tables:
            writer.write_table(pa.table(one))


def _npy(file: BinaryIO, tables: Iterator[Columns], empty: Columns, rows: int) -> None:
    dtype = np.dtype([(name, column.dtype) for name, column in empty.items()])
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_1_0(file, description)
    for one in tables:
        array = np.empty(len(one["log_prob"]), dtype)
        for name, column in one.items():
            array[name] = column
        file.write(array.tobytes())


WRITERS = {".csv": _csv, ".npy": _npy, ".parquet": _parquet}
