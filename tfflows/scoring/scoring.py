"""Scores every row of an input by an exported model and writes a table of the scores."""

import dataclasses
import functools
import importlib.util
import math
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfflows import datasets
from tfflows.datasets.options import Options
from tfflows.errors import InputError, check, check_choice
from tfflows.events import Event
from tfflows.overrides import merge
from tfflows.scoring import inputs, keeping, local, manifest
from tfflows.scoring import output as table
from tfflows.scoring.job import Job
from tfflows.scoring.named import Named
from tfflows.scoring.parts import Part, split_into_parts, total
from tfflows.scoring.served import Version
from tfflows.scoring.summary import Summary
from tfflows.sources import storage
from tfflows.sources.npy import Npy
from tfflows.sources.spans import Source

RUNNERS = ("local", "DirectRunner", "FlinkRunner", "DataflowRunner", "SparkRunner")


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a finished run.

    Args:
        rows: Number of rows.
        mean: Mean score, in nats; NaN if no row has a finite score.
        error: Standard error of the mean, in nats; NaN with fewer than two finite scores.
        outliers: Number of rows below the quantile; None without `flag_below_quantile`.
        path: Path of the table of scores.
        report: The same in a few lines, as the command prints it.
    """

    rows: int
    mean: float
    error: float
    outliers: int | None
    path: str
    report: str = dataclasses.field(repr=False)


def score(
    model: str | Path,
    input: str | Path,
    output: str | Path,
    *,
    version: int | None = None,
    labels: str | Path | None = None,
    split: str | None = None,
    options: Mapping[str, Any] | None = None,
    flag_below_quantile: float | None = None,
    keep: str | Sequence[str] = (),
    batch_size: int = 256,
    part_rows: int = 10_000,
    restart: bool = False,
    runner: str = "local",
    runner_options: Sequence[str] = (),
) -> Result:
    """Scores every row of `input` and writes `output`, with a row for each row of the input, in its order.

    A run that was stopped continues when it is called again: no finished part is scored twice.

    Args:
        model: Path of an exported model's folder, or of the folder of one of its versions.
        input: A .npy, .csv, .parquet or .tfrecord file, a pattern of files, a folder, or the name of a dataset.
        output: Path of the table to write: .csv, .npy or .parquet.
        version: Number of the version; None takes the newest.
        labels: .npy file with the class of each row, for a class-conditional model.
        split: Split of a dataset: `"train"`, `"validation"` or `"test"`. By default the test set, or all rows of files
            and all images of a folder that has no folders of splits.
        options: Options of a dataset that differ from those in the model's training, such as `{"data_dir": ...}`.
        flag_below_quantile: Adds a column that marks rows below this quantile of the training set's scores.
        keep: Columns of .csv or .parquet files, such as a key, that are copied to the front of the output.
        batch_size: Number of rows that are scored at a time.
        part_rows: Number of rows of a part, which is saved, or given to a worker, at a time.
        restart: Whether to throw away the finished parts of an earlier run.
        runner: `"local"`, or the name of a runner of Apache Beam.
        runner_options: Options of the runner, such as `["--direct_num_workers=2"]`.

    Raises:
        InputError: An argument, a file or a row of the input is wrong.
        KeyboardInterrupt: The run was interrupted; the message says how many parts are finished.
    """
    for name, value in {"batch_size": batch_size, "part_rows": part_rows}.items():
        check(value >= 1, f"Expected `{name}` to be 1 or more.", **{name: value})
    run_parts = _runner(runner, runner_options)
    exported, target = Version.find(str(model), version), storage.absolute(str(output))
    event = exported.event()
    threshold = None if flag_below_quantile is None else exported.training_quantile(flag_below_quantile)
    read = event if labels is None else dataclasses.replace(event, classes=0, labels=())  # the input needs no labels
    found = _sources(exported, read, str(input), target, split=split, options=options or {})
    kept, parts = keeping.schema(found, keep, target), split_into_parts(found, part_rows)
    job = Job(exported, event, manifest.folder(target), batch_size, _labels(labels, event, total(parts)))
    job.check_first_rows(parts)  # an error in all rows is reported before anything is written
    manifest.open_or_create(job, manifest.record(job, found, parts, part_rows), restart=restart)
    _run(run_parts, job, parts)
    summary = Summary()
    table.write(target, job, parts, threshold, summary, kept)
    tf.io.gfile.rmtree(job.folder)
    report = [
        f"Rows      {summary.rows:,} of {input} by {exported.name}",
        f"Score     {summary.text(event, exported.score_kind())}",
    ]
    if threshold is not None:
        below = f"below {threshold:.3f} nats, the {flag_below_quantile} quantile of the training set"
        report.append(f"Outliers  {summary.outliers:,} ({summary.outliers / max(summary.rows, 1):.2%}) {below}")
    return _result(summary, target, [*report, f"Output    {target}"], flagged=threshold is not None)


def _run(run_parts: Callable[[Job, Sequence[Part]], None], job: Job, parts: Sequence[Part]) -> None:
    try:
        run_parts(job, parts)
    except KeyboardInterrupt as interrupt:
        finished = sum(map(job.finished, parts))
        message = f"{finished:,} of {len(parts):,} parts are finished; run it again to continue."
        raise KeyboardInterrupt(message) from interrupt


def _result(summary: Summary, path: str, report: list[str], *, flagged: bool) -> Result:
    mean, outliers = summary.mean if summary.scored else math.nan, summary.outliers if flagged else None
    return Result(summary.rows, mean, summary.error, outliers, path, "\n".join(report))


def _runner(name: str, beam_options: Sequence[str]) -> Callable[[Job, Sequence[Part]], None]:
    """The function that scores the parts: in this process, or by a runner of Apache Beam with these options."""
    check_choice("runner", name, RUNNERS)
    if name == "local":
        rule = "Expected options of a runner only with a runner of Apache Beam."
        check(not beam_options, rule, runner_options=list(beam_options))
        return local.run
    if importlib.util.find_spec("apache_beam") is None:
        raise InputError(
            f"Expected Apache Beam for the runner {name}: pip install apache-beam. Received: no apache_beam."
        )
    from tfflows.scoring import beam  # only here: the import takes seconds, and Beam is an extra

    return functools.partial(beam.run, runner=name, options=beam_options)


def _sources(
    version: Version, event: Event, name: str, target: str, *, split: str | None, options: Mapping[str, Any]
) -> list[Source]:
    """The sources of the input, rows of `event`; the output must be another file, in a known format."""
    table.check_ending(target)
    check(not tf.io.gfile.isdir(target), "Expected `output` to be the path of a file, not of a folder.", output=target)
    if event.columns:
        check(split is None, inputs.NO_SPLIT, split=split)
        hints, of_training = typing.get_type_hints(Options), {**datasets.OPTIONS, **version.options()}
        found = inputs.of_table(name, event, merge("data", of_training, hints, dict(options)))
    else:
        found = inputs.find(name, event, split=split, options=_options(version, event, name, options))
        rule = "Expected no options of a dataset for files of rows, which have none."
        check(not options or isinstance(found[0], Named), rule, options=dict(options))
    rule = "Expected `output` to be another file than the input."
    check(target not in [source.name for source in found], rule, output=target)
    return found


def _options(version: Version, event: Event, dataset: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a dataset: those of the model's training that it takes, changed by `given`."""
    of_training, known = version.options(), datasets.options_of(dataset)
    names = ("n_bits", "flatten", "size", "holdout", "split_seed")
    trained = {name: of_training[name] for name in names if name in of_training and name in known}
    trained |= {"conditional": event.classes > 0}
    return merge("data", {**datasets.OPTIONS, **trained}, typing.get_type_hints(Options), dict(given))


def _labels(path: str | Path | None, event: Event, rows: int) -> Npy | None:
    """The file of labels, which must have one for each row."""
    if path is None:
        return None
    check(event.classes > 0, "Expected no `labels`: this model is not class-conditional.", labels=str(path))
    found = Npy.open(storage.absolute(str(path)), ())
    check(found.shape == (rows,), f"Expected {str(path)!r} to hold a label for each of {rows} rows.", shape=found.shape)
    return found
