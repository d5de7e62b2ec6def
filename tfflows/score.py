"""Scores every row of a dataset by an exported model: log-probabilities, bits per dimension, outliers.

    python -m tfflows.score --model=realnvp_digits --input=digits --output=scores.csv
    python -m tfflows.score --model=exported/maf_power --input='data/*.parquet' --output=scores.parquet
    python -m tfflows.score --model=realnvp_digits --input=x.npy --output=scores.npy --flag_below_quantile=0.01
    python -m tfflows.score ... --runner=DirectRunner -- --direct_num_workers=2 --direct_running_mode=multi_processing

Row i of the output is row i of the input. Killed at any moment, the same command goes on from the last finished part.
"""

import functools
import importlib.util
import os
import sys
import typing
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow: its notes to itself are not the user's

import tensorflow as tf
from absl import app, flags, logging

from tfflows import datasets
from tfflows.config import merge, split_overrides
from tfflows.datasets.options import Options
from tfflows.errors import InputError, check
from tfflows.events import Event
from tfflows.scoring import local, manifest, output, sources, storage
from tfflows.scoring.job import Job
from tfflows.scoring.parts import Part, Source, cut, total
from tfflows.scoring.served import Version
from tfflows.scoring.sources.npy import Npy
from tfflows.scoring.summary import Summary
from zoo.pretrained import exported_folder

RUNNERS = ("local", "DirectRunner", "FlinkRunner", "DataflowRunner", "SparkRunner")

# The flags of the process where this is the command; flags of its own, beside those of others, where it is imported.
FLAGS = flags.FLAGS if __name__ == "__main__" else flags.FlagValues()
OURS = {"flag_values": FLAGS}
flags.DEFINE_string("model", None, "Id of a pretrained model, or path of its folder or version.", required=True, **OURS)
flags.DEFINE_integer("version", None, "Number of the version. (default: the newest)", **OURS)
flags.DEFINE_string(
    "input",
    None,
    "Files: .npy, .csv, .parquet or .tfrecord, one, a pattern or a folder. Or the name of a dataset.",
    required=True,
    **OURS,
)
flags.DEFINE_string("output", None, "Gets a row for each of the input: .csv, .npy or .parquet.", required=True, **OURS)
flags.DEFINE_string("labels", None, ".npy file with the class of each row, for a class-conditional model.", **OURS)
flags.DEFINE_string("split", "test", "Of a dataset: train, validation or test.", **OURS)
flags.DEFINE_string("data_dir", None, "Of a TFDS dataset. (default: TFDS_DATA_DIR, else TFDS's own)", **OURS)
flags.DEFINE_multi_string("set", [], "data.key=value: another option of a dataset, as in train.py. Repeatable.", **OURS)
flags.DEFINE_float("flag_below_quantile", None, "Marks rows below this quantile of the training set's scores.", **OURS)
flags.DEFINE_integer("batch_size", 256, "Rows that are scored at a time.", lower_bound=1, **OURS)
flags.DEFINE_integer("part_rows", 10_000, "Rows that are kept, or given to a worker, at a time.", lower_bound=1, **OURS)
flags.DEFINE_boolean("restart", False, "Throw away the finished parts of an earlier run.", **OURS)
flags.DEFINE_enum(
    "runner", "local", RUNNERS, "Of Apache Beam, whose options follow after --; local needs none.", **OURS
)


def main(argv: list[str]) -> None:
    """The whole run, from flags to a table of scores."""
    score_all = runner(FLAGS.runner, argv[1:])
    version, target = model(FLAGS.model, FLAGS.version), storage.absolute(FLAGS.output)
    event, threshold = version.event(), quantile(version)
    found = inputs(version, event, target)
    parts = cut(found, FLAGS.part_rows)
    job = Job(version, event, manifest.folder(target), FLAGS.batch_size, labels(event, total(parts)))
    job.check_first_rows(parts)  # what is wrong with all rows is said before anything is written
    manifest.claim(job, manifest.record(job, found, parts, FLAGS.part_rows), restart=FLAGS.restart)
    try:
        score_all(job, parts)
    except KeyboardInterrupt:
        finished = sum(map(job.finished, parts))
        print(f"Stopped with {finished:,} of {len(parts):,} parts; the same command goes on.", file=sys.stderr)
        sys.exit(130)
    summary = Summary()
    output.write(target, job, parts, threshold, summary)
    tf.io.gfile.rmtree(job.folder)
    print(report(version, event, target, threshold, summary))


def runner(name: str, beam_options: list[str]) -> Callable[[Job, list[Part]], None]:
    """What scores the parts: this process, or a runner of Apache Beam with these options."""
    if name == "local":
        rule = (
            "Expected flags only, as --name=value; options of Apache Beam follow after -- with a --runner of its own."
        )
        check(not beam_options, rule, arguments=beam_options)
        return local.run
    if importlib.util.find_spec("apache_beam") is None:
        raise InputError(
            f"Expected Apache Beam for --runner={name}: pip install tfflows[beam]. Received: no apache_beam."
        )
    from tfflows.scoring import beam  # only here: it takes seconds, and is an extra

    return functools.partial(beam.run, runner=name, options=beam_options)


def model(name: str, number: int | None) -> Version:
    """The version that --model and --version name."""
    return Version.find(name if "://" in name else str(exported_folder(name)), number)


def quantile(version: Version) -> float | None:
    """The score below which a row is an outlier; None without --flag_below_quantile."""
    share = FLAGS.flag_below_quantile
    return None if share is None else version.training_quantile(share)


def inputs(version: Version, event: Event, target: str) -> list[Source]:
    """What --input names, which is not what --output names."""
    output.ending(target)
    found = sources.find(FLAGS.input, event, split=FLAGS.split, options=options(version, event))
    rule = "Expected --output to be another file than the input."
    check(target not in [source.name for source in found], rule, output=FLAGS.output)
    return found


def options(version: Version, event: Event) -> dict[str, object]:
    """Those of a dataset: as the model was trained, changed by flags."""
    given = split_overrides(dict(_assignment(text) for text in FLAGS.set))
    check(not given["model"] and not given["train"], "Expected --set=data.key=value only.", set=FLAGS.set)
    trained = {"n_bits": version.config()["data"].get("n_bits", 8), "conditional": event.classes > 0}
    changed = {**given["data"], **({"data_dir": FLAGS.data_dir} if FLAGS.data_dir else {})}
    return merge("data", {**datasets.OPTIONS, **trained}, typing.get_type_hints(Options), changed)


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    check(bool(equals), "Expected --set=data.key=value.", set=text)
    return key, value


def labels(event: Event, rows: int) -> Npy | None:
    """The file of --labels, which must have one for each row."""
    if FLAGS.labels is None:
        return None
    check(event.classes > 0, "Expected no --labels: this model is not class-conditional.", labels=FLAGS.labels)
    found = Npy.of(storage.absolute(FLAGS.labels), ())
    check(
        found.shape == (rows,), f"Expected {FLAGS.labels!r} to hold a label for each of {rows} rows.", shape=found.shape
    )
    return found


def report(version: Version, event: Event, target: str, threshold: float | None, summary: Summary) -> str:
    """What a user wants to know at the end: how many, how likely, how odd, and where."""
    lines = [f"Rows      {summary.rows:,} of {FLAGS.input} by {version.name}", f"Score     {summary.text(event)}"]
    if threshold is not None:
        share = summary.outliers / max(summary.rows, 1)
        below = f"below {threshold:.3f} nats, the {FLAGS.flag_below_quantile} quantile of the training set"
        lines.append(f"Outliers  {summary.outliers:,} ({share:.2%}) {below}")
    return "\n".join([*lines, f"Output    {target}"])


def run(argv: list[str]) -> None:
    """`main`, with one line for what a user can mend, and a traceback for what only we can."""
    logging.set_verbosity(logging.WARNING)  # TensorFlow's notes to itself go to absl's log
    try:
        main(argv)
    except InputError as error:
        sys.exit(f"tfflows.score: {error}")


if __name__ == "__main__":
    app.run(run)
