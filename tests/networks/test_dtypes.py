"""A model saved under one dtype policy computes in the same types when it is loaded under another."""

import keras
import numpy as np
import pytest

import zoo
from tests.cases import CASES, EVENTS, Case, events, make


def types(model):
    return [(type(layer).__name__, layer.compute_dtype) for layer in model._flatten_layers()]


@pytest.mark.parametrize("case", [case for case in CASES if not case.event.condition_size], ids=str)
def test_configuration_of_a_model_keeps_the_types_of_its_layers(case):
    keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = zoo.create(case.name, event=case.event, **case.settings)
    config = mixed.get_config()
    keras.config.set_dtype_policy("float32")
    assert types(type(mixed).from_config(config)) == types(mixed)
    full = zoo.create(case.name, event=case.event, **case.settings)
    assert {dtype for _, dtype in types(full)} == {"float32"}


def test_model_saved_in_mixed_precision_scores_the_same_when_loaded_without(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    case = Case("realnvp", EVENTS["vector"])
    mixed = make(case)
    mixed.save(tmp_path / "mixed.keras")
    keras.config.set_dtype_policy("float32")
    loaded = keras.models.load_model(tmp_path / "mixed.keras")
    x, _ = events(case, 100)
    np.testing.assert_array_equal(loaded.log_prob(x), mixed.log_prob(x))
