"""Models of a configuration: new, from the weights of a pretrained model, or trained."""

import dataclasses
import json
import random

import keras
import numpy as np
import pytest

import zoo
from tests.command_line import train
from tfflows.columns import Column
from tfflows.config import Config, read_config
from tfflows.errors import InputError
from tfflows.events import Event
from zoo.pretrained import exported_version, with_version

TOY = "realnvp_toy_eight_gaussians"
DIGITS = "nice_digits"


def test_a_new_model_follows_the_seed_of_its_configuration_and_no_other():
    configs = [zoo.configure("realnvp", "toy/rings", seed=seed) for seed in (1, 1, 2)]
    random.seed(7)
    expected = random.Random(7).random()
    first, again, other = (zoo.build(config, Event((2,))).get_weights() for config in configs)
    assert random.random() == expected
    assert all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in zip(first, again, strict=True))
    assert not all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in zip(first, other, strict=True))


def test_a_new_model_has_the_precision_of_its_configuration_and_a_trained_one_float32(tmp_path):
    config = zoo.configure("nice", "toy/rings", overrides={"train.mixed_precision": True})
    new = zoo.build(config, Event((2,)))
    new.save_weights(tmp_path / "x.weights.h5")
    trained = zoo.build(config, Event((2,)), weights=tmp_path / "x.weights.h5")
    for model, policy in ((new, "mixed_bfloat16"), (trained, "float32")):
        dense = [part for part in model._flatten_layers() if isinstance(part, keras.layers.Dense)]
        assert {part.dtype_policy.name for part in dense} == {policy}
    assert keras.config.dtype_policy().name == "float32"


def of_pretrained(name: str) -> Config:
    """The configuration of a pretrained model, which starts from its weights."""
    return dataclasses.replace(read_config(exported_version(name) / "config.json"), init=name)


@pytest.mark.parametrize("name", [TOY, DIGITS])
def test_training_starts_from_the_weights_of_a_pretrained_model(name):
    pretrained = zoo.load(name)
    model = zoo.build(of_pretrained(name), pretrained.event)
    assert model.initialized, "data would overwrite its weights"
    for mine, theirs in zip(model.get_weights(), pretrained.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_trained_weights_replace_those_of_the_start(tmp_path):
    config = of_pretrained(TOY)
    model = zoo.build(config, Event((2,)))
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.save_weights(tmp_path / "x.weights.h5")
    trained = zoo.build(config, Event((2,)), weights=tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(trained.get_weights()[0], model.get_weights()[0])


OTHERS = {
    "levels": (DIGITS, Event((8, 8, 1), levels=2), r"have levels=17, as those of 'nice_digits'\. Received: levels=2"),
    "shape": (DIGITS, Event((8, 8, 3), levels=17), r"have shape=\(8, 8, 1\)"),
    "classes": (DIGITS, Event((8, 8, 1), levels=17, classes=10), r"have classes=0"),
    "context": (TOY, Event((2,), context=1), r"have context=0"),
    "columns": (TOY, Event((2,), columns=(Column("a"), Column("b"))), r"Expected the columns of .*\['a', 'b'\]"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_events_are_refused(other):
    name, event, message = OTHERS[other]
    with pytest.raises(InputError, match=message):
        zoo.build(of_pretrained(name), event)


def test_other_settings_are_refused():
    config = of_pretrained(TOY)
    config = dataclasses.replace(config, model={**config.model, "width": config.model["width"] + 1})
    with pytest.raises(InputError, match=r"Expected `.*kernel` in .* to be"):
        zoo.build(config, Event((2,)))


@pytest.mark.slow
def test_command_fine_tunes_a_pretrained_model(tmp_path):
    command = ("--steps=2", "--learning_rate=1e-9", "--name=tuned", f"--workdir={tmp_path}/run")
    name = with_version(TOY)
    train(f"--init={TOY}", *command, f"--export_dir={tmp_path}")
    tuned, start = (exported_version(each).parent for each in (str(tmp_path / "tuned"), TOY))
    scores = [json.loads((folder / "metrics.json").read_text())["nats"] for folder in (tuned, start)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    assert f"trained on toy/eight_gaussians, from the weights of `{name}`" in (tuned / "README.md").read_text()
    train(f"--init={TOY}", *command, f"--export_dir={tmp_path}")  # resumes
    with pytest.raises(SystemExit, match=rf"Expected the settings of the run in .* init='{name} before,  now'"):
        train(f"--config={start}/config.json", *command, f"--export_dir={tmp_path}")
