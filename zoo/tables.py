"""From rows in memory to a fitted model, and to the log-likelihoods of other rows."""

import dataclasses
import functools
import math
import numbers
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from tfflows import datasets, export, training
from tfflows.columns import is_frame
from tfflows.config import Config
from tfflows.datasets.arrays import IN_MEMORY, named_context
from tfflows.datasets.tables.roles import names_in
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel
from tfflows.sources.encoding import Encoder
from tfflows.sources.frame import Frame, as_frame, categories, named
from tfflows.sources.place import check_names
from tfflows.splits import WEIGHT, in_memory, permuted
from zoo import rules
from zoo.building import build
from zoo.configuration import completed

BATCH = 512  # rows that are scored at a time, always so many: each row gets the same score in every batch
OPTIONS = ("categorical", "continuous", "circular", "bounds", "scaling", "missing", "holdout", "split_seed")


def data(x: Any, context: Any, weight: np.ndarray | None, seed: int, options: Mapping[str, Any]) -> datasets.Data:
    """The rows of an array or a DataFrame, as a dataset without a test set.

    Args:
        x: Rows.
        context: Their context; None for none.
        weight: Their weights; None for none.
        seed: Seed by which the validation set is drawn.
        options: Options of tables, some of OPTIONS; several names may be in a list.

    Raises:
        InputError: A value or an option is wrong.
    """
    columns, names = _table(x, context)
    for option in options:
        check_choice("data", option, OPTIONS)
    rows = len(next(iter(columns.values())))
    settings = {"holdout": rules.holdout(rows), "split_seed": seed, **options}
    return datasets.from_arrays(columns, context=names, weight=weight, name=IN_MEMORY, test=False, **settings)


def check_contamination(share: Any) -> None:
    """Raises `InputError` unless `contamination` is a share of rows, a number in [0, 1)."""
    in_range = isinstance(share, numbers.Real) and 0 <= share < 1
    check(in_range, "Expected `contamination` to be a number in [0, 1).", contamination=share)


def checked_weight(weight: Any, x: Any) -> np.ndarray | None:
    """The weights of rows, as scikit-learn checks them; None stays None."""
    return None if weight is None else _check_sample_weight(weight, x, ensure_non_negative=True)


def chosen(values: Any, rows: np.ndarray) -> Any:
    """Some of the rows of an array or a DataFrame; None stays None."""
    values = as_frame(values)
    return values if values is None else values[rows] if is_frame(values) else np.asarray(values)[rows]


def as_real_numbers(x: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by which all columns of numbers are real, without bounds, unless `options` say what they are."""
    given = names_in(options.get("continuous"))
    circular = [part.rsplit(":", maxsplit=2)[0] for part in names_in(options.get("circular"))]
    said = [*names_in(options.get("categorical")), *categories(named(x)), *circular]
    numbers = [name for name, kind in Frame(named(x), name="X").kinds.items() if kind == "number" and name not in said]
    return {"bounds": "none", **options, "continuous": tuple(dict.fromkeys((*given, *numbers)))}


def config(
    architecture: str, data: datasets.Data, seed: int, model: Mapping[str, Any], train: Mapping[str, Any]
) -> Config:
    """The configuration of a fit: the rules for this many rows, changed by settings of the model and of the training.

    Raises:
        InputError: A setting is wrong.
    """
    preset = rules.preset(architecture, data.event, data.train.size)
    if "batch_size" in train:
        train = {**train, "batch_size": min(train["batch_size"], data.train.size)}  # as estimators of scikit-learn do
    sections = completed(architecture, data.event, preset, {"model": model, "train": train})
    steps, _ = training.TrainSettings(**sections["train"]).schedule_of(data.train.size)
    shortest = {"warmup_steps": steps // 10, "kl_warmup_steps": max(1, steps // 5)}  # of a short run, as in the rules
    for settings, given in ((sections["train"], train), (sections["model"], model)):
        for name in shortest.keys() & settings.keys() - given.keys():
            settings[name] = min(settings[name], shortest[name])
    return Config(architecture, data.name, seed, **sections)


def fitted(config: Config, data: datasets.Data, *, verbose: int) -> tuple[GenerativeModel, int]:
    """The model with the best weights on the validation set, and the number of steps; leaves nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"seed": config.seed, "workdir": Path(folder), "verbose": verbose, "only_weights": True}
        found = training.fit(build(config, data.event), data, config.settings, **settings)
        return build(config, data.event, weights=found.weights), found.steps


def examples(event: Event, x: Any, context: Any) -> dict[str, np.ndarray]:
    """Rows as examples of an event.

    Raises:
        InputError: A column is missing, a value is wrong, or the context is missing or not one of the event.
    """
    if context is not None:
        _check_has_context(event, context)
    names = [column.name for column in event.context_columns]
    rule = f"Expected a `context`: the density is conditioned on {names}."
    check(context is not None or not event.context, rule, context=None)
    columns, _ = _table(x, context)
    return _encoded(event, columns)


def context(event: Event, values: Any, rows: int) -> np.ndarray:
    """The context of rows, float64 `[rows, context]`, from one for each of them or one for all.

    Raises:
        InputError: The event has no context, or the number of rows does not match.
    """
    _check_has_context(event, values)
    values = as_frame(values)
    if not is_frame(values) and np.shape(values) == (event.context,) and event.context > 1:
        values = np.asarray(values)[None]  # the context of one row
    found = _encoded(Event((event.context,), columns=event.context_columns), dict(named_context(values)))["x"]
    rule = f"Expected a `context` for each of the {rows} rows, or one for all of them."
    check(len(found) in (1, rows), rule, shape=found.shape)
    return np.broadcast_to(found, (rows, event.context))


def _check_has_context(event: Event, context: Any) -> None:
    check(event.context > 0, "Expected no `context`: this model has none.", context=type(context).__name__)


def _encoded(event: Event, columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    table, encoder = Frame(list(columns.items()), name="X"), Encoder(event)
    encoder.check_names("X", table.names)
    return encoder(table.columns(np.arange(table.rows), encoder.kinds, 0), "X", 0)


def _table(x: Any, context: Any) -> tuple[dict[str, np.ndarray], list[str]]:
    """The columns of rows and of their context by name, and the names of the latter."""
    of_context = [] if context is None else named_context(context)
    columns = [*named(x), *of_context]
    check_names("X", [name for name, _ in columns])
    return dict(columns), [name for name, _ in of_context]


def exported(
    model: GenerativeModel,
    config: Config,
    steps: int,
    examples: dict[str, np.ndarray],
    weight: np.ndarray | None,
    folder: Path,
) -> Path:
    """Exports a fitted model as a new version in `folder`, with its scores of these examples; returns its folder.

    Raises:
        InputError: There are fewer than two rows, or one that the model gives no finite log-likelihood.
    """
    examples = examples if weight is None else {**examples, WEIGHT: weight.astype(np.float32)}
    # Rows may be sorted; those that are scored for the export are random ones.
    rows = dataclasses.replace(in_memory(**examples), shuffled=functools.partial(permuted, examples))
    data = datasets.Data(config.dataset, model.event, rows, rows, rows)
    scores = training.evaluate(model, rows, **config.settings.evaluation)
    rule = "Expected at least two rows to score the model on, all with a finite log-likelihood."
    check(math.isfinite(scores["nats_se"]), rule, rows=rows.size, nats=scores["nats"])
    run = {"parameters": model.count_params(), "steps": steps, "seed": config.seed, **export.environment()}
    return export.export(model, folder, config=config.record(model.event), metrics={**scores, **run}, data=data)


def log_likelihoods(model: GenerativeModel, examples: dict[str, np.ndarray], samples: int) -> np.ndarray:
    """Log-likelihoods, float64 `[rows]` in nats, with this number of importance samples."""
    found = []
    for first in range(0, len(examples["x"]), BATCH):
        batch = {name: values[first : first + BATCH] for name, values in examples.items()}
        padding = BATCH - len(batch["x"])
        batch = {name: np.pad(values, ((0, padding), (0, 0)), mode="edge") for name, values in batch.items()}
        found.append(model.log_prob(**batch, num_importance_samples=samples).numpy()[: BATCH - padding])
    return np.concatenate(found).astype(np.float64)
