"""Trains a model of the zoo on a dataset, scores it on the whole test set, and exports it.

    python train.py --model=realnvp --dataset=digits --name=my_digits
    python train.py --model=realnvp --dataset=celeb_a --strategy=mirrored --set=model.width=64
    python train.py --model=planar --dataset=energy/u1 --name=my_u1
    python train.py --model=nsf --dataset=table.csv --set=data.drop=id

    python train.py --config=exported/realnvp_digits/config.json --set=model.width=64 --name=wide
    python train.py --init=flowpp_mnist --dataset=images.npy --steps=2000 --learning_rate=1e-3 --name=tuned

An interrupted run resumes from its last checkpoint when the same command is run again. --set=section.key=value changes
any other setting: model.* of the architecture, data.* of the dataset, train.* of the training; docs/settings.md lists
them. --config trains a model again from the config.json of its export; --init starts from the settings and the weights
of a pretrained model. Other flags override these settings. Without --name, a run in a clone may add a version to the
pretrained model of the same model and dataset.
"""

import dataclasses
from pathlib import Path

from absl import flags

from tfflows import command

with command.quiet():
    import zoo
    from tfflows import datasets, export, training
    from tfflows.columns import described
    from tfflows.config import Config, read_config
    from tfflows.errors import check
    from tfflows.models import GenerativeModel
    from tfflows.overrides import assignments
    from tfflows.targets import Target
    from tfflows.training import strategies
    from zoo.pretrained import exported_version, is_pretrained, with_version

FLAGS = flags.FLAGS
flags.DEFINE_string("config", None, "config.json of an export or a workdir, whose settings are the defaults.")
flags.DEFINE_string("init", None, "Pretrained model to fine-tune, by id or folder; its settings are the defaults, too.")
flags.DEFINE_string("model", None, "Architecture, by its name in the zoo, such as realnvp, glow, maf or ffjord.")
flags.DEFINE_string(
    "dataset",
    None,
    "digits, a toy such as toy/rings, a target such as energy/u1, a TFDS name such as celeb_a, or files of a table or a"
    " folder of images, such as a.csv. (default: digits)",
)
flags.DEFINE_enum(
    "strategy",
    "none",
    strategies.STRATEGIES,
    "none: one device; mirrored: all GPUs of this machine; multi_worker: the workers in TF_CONFIG; tpu: the TPU named"
    " by --tpu.",
)
flags.DEFINE_string("tpu", "", "Name or address of the TPU of --strategy=tpu; local on a TPU virtual machine.")
flags.DEFINE_integer("epochs", None, "Passes over the training set.")
flags.DEFINE_integer("steps", None, "Optimizer steps; takes precedence over --epochs.")
flags.DEFINE_integer("batch_size", None, "Events in a step, over all replicas.")
flags.DEFINE_float("learning_rate", None, "Peak learning rate.")
flags.DEFINE_integer("seed", None, "Seed of the weights, the order of the data and the noise. (default: 0)")
flags.DEFINE_string("name", None, "Name of the trained model. (default: MODEL_DATASET)")
flags.DEFINE_string("workdir", None, "Folder for checkpoints, TensorBoard logs and samples. (default: runs/NAME)")
flags.DEFINE_string("export_dir", "exported", "Folder for NAME/VERSION/, the SavedModel.")
flags.DEFINE_boolean("jit_compile", None, "Compile the training step with XLA.")
flags.DEFINE_boolean("mixed_precision", None, "Networks compute in bfloat16, the flow and its scores in float32.")
flags.DEFINE_multi_string("set", [], "section.key=value: any other setting. Repeatable.")

TRAIN_FLAGS = ("epochs", "steps", "batch_size", "learning_rate", "jit_compile", "mixed_precision")


def configuration() -> Config:
    """What to train: the settings of --config or --init, or the presets, changed by the other flags."""
    given = defaults()
    if FLAGS.model not in (None, given.architecture):
        # The settings were those of the other architecture, the name that of another model.
        given = dataclasses.replace(given, architecture=FLAGS.model, model={}, name="", init="")
    if FLAGS.dataset not in (None, given.dataset):
        known = datasets.options_of(FLAGS.dataset)  # a table has others than images
        data = {name: value for name, value in given.data.items() if name in known}
        given = dataclasses.replace(given, data=data, name="")
    return zoo.configure(
        given.architecture,
        given.dataset if FLAGS.dataset is None else FLAGS.dataset,
        seed=given.seed if FLAGS.seed is None else FLAGS.seed,
        name=given.name if FLAGS.name is None else FLAGS.name,
        init=given.init if FLAGS.init is None else FLAGS.init and with_version(FLAGS.init),
        overrides={**given.overrides, **overrides()},
    )


def defaults() -> Config:
    """The settings of --config, or those of --init, with a name of the fine-tuned model's own."""
    if FLAGS.config:
        return read_config(FLAGS.config)
    if FLAGS.init:
        given = read_config(exported_version(FLAGS.init) / "config.json")
        return dataclasses.replace(given, name=f"{given.id}_tuned")
    rule = "Expected --model=ARCHITECTURE, --config=FILE or --init=PRETRAINED."
    check(bool(FLAGS.model), rule, model=FLAGS.model)
    return Config(FLAGS.model, "digits")


def overrides() -> dict[str, object]:
    """The settings that flags change, by `section.key`."""
    given = {f"train.{name}": FLAGS[name].value for name in TRAIN_FLAGS if FLAGS[name].value is not None}
    given |= assignments(FLAGS.set)
    # Passes replace the steps of --config, as they replace those of a preset.
    return {"train.steps": None, **given} if "train.epochs" in given else given


def main(argv: list[str]) -> None:
    """The whole run, from flags to an export."""
    check(len(argv) == 1, "Expected flags only, as --name=value.", arguments=argv[1:])
    strategy = strategies.create(FLAGS.strategy, tpu=FLAGS.tpu)
    config = configuration()
    settings, folder = config.settings, Path(FLAGS.export_dir) / config.id
    chief = strategies.is_chief(strategy)
    if chief:
        export.check_writable(folder)
    data = datasets.load(config.dataset, **config.data)
    event = data.event
    steps, _ = settings.schedule_of(data.train.size, strategy.num_replicas_in_sync)

    with strategies.scope(strategy):
        model = zoo.build(config, event)
    training.make_objective(model, data, settings)  # raises its errors before anything is written
    workdir = training.check_not_shorter(Path(FLAGS.workdir or f"runs/{config.id}"), steps)
    config.save_to(workdir, write=chief)
    print(
        f"{config.id}: {model.count_params():,} parameters, {steps:,} steps, {data.train.size:,} events, in {workdir}",
        *(f"  {line}" for line in described(event.columns, event.context_columns, event.labels, most=20)),
        *warnings(model, data, folder),
        sep="\n",
    )
    fitted = training.fit(model, data, settings, seed=config.seed, workdir=workdir)

    with strategies.scope(strategy):
        model = zoo.build(config, event, weights=fitted.weights)
    scored = training.make_objective(model, data, settings)
    scores = training.evaluate(scored, data.test, **settings.evaluation)
    if chief:
        model = zoo.build(config, event, weights=fitted.weights)
        metrics = {
            **{**scores, **training.truth(data), "parameters": model.count_params()},
            **{**fitted.account, **export.environment()},
        }
        version = export.export(model, folder, config=config.record(data.event), metrics=metrics, data=data)
        print(report(metrics, workdir, version))


def warnings(model: GenerativeModel, data: datasets.Data | Target, folder: Path) -> list[str]:
    """One line for each thing that a user may not expect of this run."""
    version = f"Warning: {folder} is a pretrained model, to which this run adds a version: --name=NAME keeps it apart."
    return [*training.warnings(model, data), *([version] if is_pretrained(folder) else [])]


def report(metrics: dict[str, object], workdir: Path, version: Path) -> str:
    """What a user wants to know at the end: the score, and where everything is."""
    folder = version.parent if len(version.parent.parts) > 1 else version.parent.absolute()  # no name of the zoo's
    return f"""
Test score  {export.summary(metrics)}
SavedModel  {version}, reloaded; its scores match the model's
Samples     {version.parent / "samples.png"}, drawn by the reloaded SavedModel
Model card  {version.parent / "README.md"}
Training    {workdir}: checkpoints, best weights, samples; tensorboard --logdir={workdir / "tensorboard"}
In Python   zoo.load({str(folder)!r})"""


def cli() -> None:
    """The command `tfflows-train`, and `python train.py`."""
    command.start(main, name="train.py", module=__name__, document=__doc__)


if __name__ == "__main__":
    cli()
