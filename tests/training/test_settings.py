"""Each setting of a run refuses the values that make no sense, by its name, and takes those at the end of its range."""

import dataclasses
import math

import pytest

from tfflows.errors import InputError
from tfflows.training import TrainSettings

# Values that are refused, and the last ones that are not.
VALUES = {
    "steps": ([0, -1], [1, None]),
    "epochs": ([0, -1], [1]),
    "batch_size": ([0, -1], [1]),
    "learning_rate": ([0.0, -1e-3, math.inf, math.nan], [1e-30]),
    "optimizer": (["sgd", None], ["adam", "adamax", "muon"]),
    "schedule": (["linear", None], ["constant", "cosine"]),
    "warmup_steps": ([-1], [0]),
    "weight_decay": ([-1e-9, math.inf, math.nan], [0.0]),
    "input_noise": ([-1e-9, math.inf, math.nan], [0.0]),
    "clip_norm": ([0.0, -1.0, math.nan], [1e-30, None]),
    "ema": ([-1e-9, 1.0, math.nan], [0.0, 0.9999]),
    "patience": ([0, -1], [1, None]),
    "validate_every": ([0, -1], [1, None]),
    "sample_every": ([0, -1], [1]),
    "eval_batch_size": ([0, -1], [1]),
    "num_importance_samples": ([0, -1], [1]),
    "objective": (["elbo", None], ["maximum_likelihood", "flow_matching"]),
    "anneal_steps": ([0, -1], [1]),
    "steps_per_execution": ([0, -1], [1]),
    "memory": (["swap", None], ["keep", "recompute"]),
}
CELLS = [[(name, value) for name, row in VALUES.items() for value in row[place]] for place in (0, 1)]
PAIRS = {
    r"`optimal_transport` to be False without objective='flow_matching'": {"optimal_transport": True},
    r"`input_noise` to be 0 with objective='flow_matching'": {"input_noise": 0.1, "objective": "flow_matching"},
    r"jit_compile=False with memory='recompute'": {"jit_compile": True, "memory": "recompute"},
}


@pytest.mark.parametrize(("name", "value"), CELLS[0])
def test_value_that_makes_no_sense_is_refused_by_its_name(name, value):
    with pytest.raises(InputError, match=rf"^Expected `{name}` to be .*\. Received: {name}="):
        TrainSettings(**{name: value})


@pytest.mark.parametrize(("name", "value"), CELLS[1])
def test_end_of_a_range_belongs_to_it(name, value):
    assert getattr(TrainSettings(**{name: value}), name) == value


@pytest.mark.parametrize("rule", PAIRS)
def test_settings_that_exclude_each_other_are_refused(rule):
    name, value = next(iter(PAIRS[rule].items()))
    with pytest.raises(InputError, match=rf"^Expected {rule}.* Received: {name}={value}"):
        TrainSettings(**PAIRS[rule])


def test_every_setting_has_a_range_or_is_a_switch():
    switches = {field.name for field in dataclasses.fields(TrainSettings) if isinstance(field.default, bool)}
    assert set(VALUES) == {field.name for field in dataclasses.fields(TrainSettings)} - switches
