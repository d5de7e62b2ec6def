"""Scores every row of a dataset with an exported model: log-probabilities, bits per dimension, outliers.

    python -m tfflows.scoring --model=realnvp_digits --input=digits --output=scores.csv
    python -m tfflows.scoring --model=exported/maf_power --input='data/*.parquet' --output=scores.parquet
    python -m tfflows.scoring --model=realnvp_digits --input=x.npy --output=scores.npy --flag_below_quantile=0.01
    python -m tfflows.scoring ... --runner=DirectRunner -- --direct_num_workers=2 --direct_running_mode=multi_threading

Row i of the output is row i of the input. If the run is killed, the same command continues after the last
finished part. In Python: `tfflows.scoring.score`.
"""

import sys

from absl import flags

from tfflows import command

with command.quiet():
    from tfflows.errors import check
    from tfflows.overrides import assignments, split_overrides
    from tfflows.scoring.scoring import RUNNERS, score
    from zoo.pretrained import exported_folder

MODEL = "Id of a pretrained model, or path of its folder or version."
INPUT = "Files: .npy, .csv, .parquet or .tfrecord, one, a pattern or a folder. Or the name of a dataset."
OUTPUT = "File that gets a row for each row of the input: .csv, .npy or .parquet."
LABELS = ".npy file with the class of each row, for a class-conditional model."
DATA_DIR = "Folder of a TFDS dataset. (default: TFDS_DATA_DIR, else TFDS's own)"
SET = "data.key=value: another option of a dataset, as in train.py. Repeatable."
QUANTILE = "Marks rows below this quantile of the training set's scores."
KEEP = "Columns of .csv or .parquet files, such as a key, that are copied to the front of the output."
RUNNER = "A runner of Apache Beam, whose options follow after --; local needs no Beam."


def define_flags(values: flags.FlagValues) -> None:
    """Defines the flags of the command in `values`."""
    to = {"flag_values": values}
    flags.DEFINE_string("model", None, MODEL, required=True, **to)
    flags.DEFINE_integer("version", None, "Number of the version. (default: the newest)", **to)
    flags.DEFINE_string("input", None, INPUT, required=True, **to)
    flags.DEFINE_string("output", None, OUTPUT, required=True, **to)
    flags.DEFINE_string("labels", None, LABELS, **to)
    flags.DEFINE_string("split", None, "Split of a dataset: train, validation or test (the default).", **to)
    flags.DEFINE_string("data_dir", None, DATA_DIR, **to)
    flags.DEFINE_multi_string("set", [], SET, **to)
    flags.DEFINE_float("flag_below_quantile", None, QUANTILE, **to)
    flags.DEFINE_list("keep", [], KEEP, **to)
    flags.DEFINE_integer("batch_size", 256, "Number of rows that are scored at a time.", lower_bound=1, **to)
    flags.DEFINE_integer("part_rows", 10_000, "Number of rows that are saved at a time.", lower_bound=1, **to)
    flags.DEFINE_boolean("restart", False, "Throw away the finished parts of an earlier run.", **to)
    flags.DEFINE_enum("runner", "local", RUNNERS, RUNNER, **to)


def main(argv: list[str], values: flags.FlagValues = flags.FLAGS) -> None:
    """The whole run, from flags to a table of scores."""
    rule = "Expected only flags of the form --name=value. Options of Apache Beam go after --, with a --runner of Beam."
    check(values.runner != "local" or len(argv) == 1, rule, arguments=argv[1:])
    names = ("version", "labels", "split", "flag_below_quantile", "keep")
    settings = {name: values[name].value for name in (*names, "batch_size", "part_rows", "restart", "runner")}
    options = dataset_options(values.set, values.data_dir)
    model = values.model if "://" in values.model else str(exported_folder(values.model))
    try:
        result = score(model, values.input, values.output, options=options, runner_options=argv[1:], **settings)
    except KeyboardInterrupt as interrupt:
        print(f"Stopped. {interrupt}", file=sys.stderr)
        sys.exit(130)
    print(result.report)


def dataset_options(texts: list[str], data_dir: str | None) -> dict[str, object]:
    """The options of a dataset that --set and --data_dir give."""
    given = split_overrides(assignments(texts))
    check(not given["model"] and not given["train"], "Expected --set=data.key=value only.", set=texts)
    return {**given["data"], **({"data_dir": data_dir} if data_dir else {})}


def cli() -> None:
    """The command `tfflows-score`, and `python -m tfflows.scoring`."""
    define_flags(flags.FLAGS)
    command.start(main, name="tfflows.scoring", module=__name__, document=__doc__)


if __name__ == "__main__":
    cli()
