"""The model of a run: new, fine-tuned or trained."""

from pathlib import Path

import keras

from tfflows import export
from tfflows.backend import seeded
from tfflows.config import Config, read_record
from tfflows.errors import check
from tfflows.events import Event
from tfflows.models import GenerativeModel
from tfflows.networks.policy import policy_of_new_layers
from zoo.creation import create
from zoo.pretrained import exported_version


def build(config: Config, event: Event, *, weights: Path | None = None) -> GenerativeModel:
    """The model of a configuration: one to train, or a trained one to score and to export.

    Args:
        config: Configuration, as `configure` makes it.
        event: What one data point is.
        weights: File of weights, such as `Fitted.weights`. None for those that the training starts from: the weights of
            `config.init`, or new ones, which depend on the seed of the configuration. With `train.mixed_precision`, the
            networks of such a model compute in bfloat16.

    Raises:
        InputError: As in `create`; or `config.init` is not a pretrained model for these events with these settings.
    """
    mixed = config.settings.mixed_precision and weights is None
    with seeded(config.seed), policy_of_new_layers("mixed_bfloat16" if mixed else keras.config.floatx()):
        model = create(config.architecture, event, **config.model)
    if weights is not None:
        model.load_weights(weights)
    elif config.init:
        load_pretrained(model, config.init)
    return model


def load_pretrained(model: GenerativeModel, name: str) -> None:
    """Sets the weights of a new model to those of a pretrained one for the same events.

    Args:
        model: Model of the same architecture, with the same settings.
        name: Id of a pretrained model, or path of an exported one.

    Raises:
        InputError: There is no such model, its events are others, or its weights have other shapes.
    """
    version = exported_version(name)
    event = Event(**read_record(version / "config.json")["event"])
    rule = f"Expected the columns of {name!r}, with their scales. Fine-tune a model of a table in Python, by `fit`."
    same = event.columns == model.event.columns and event.context_columns == model.event.context_columns
    check(same, rule, columns=[column.name for column in model.event.columns])
    for key in ("shape", "levels", "classes", "context"):
        value = getattr(event, key)
        rule = f"Expected a dataset whose events have {key}={value}, as those of {name!r}."
        check(getattr(model.event, key) == value, rule, **{key: getattr(model.event, key)})
    export.load_weights(model, version)
