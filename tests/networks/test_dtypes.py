"""A model saved under one dtype policy computes in the same types when it is loaded under another."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import CASES, EVENTS, Case, events, float64, make
from tfflows import layers
from tfflows.datasets import from_arrays
from tfflows.dequantization import LogitNormalDequantization
from tfflows.layers import recompute
from tfflows.networks import MLP
from tfflows.networks.policy import policy_of_new_layers


def types(model):
    return [(type(layer).__name__, layer.compute_dtype) for layer in model._flatten_layers()]


TABLE = from_arrays({"a": np.linspace(0, 1, 90) ** 2, "b": np.array(["x", "y", "z"] * 30)}).event
# Architectures in which the condition has a layer outside of the networks.
CONDITIONAL = ("glow", "idf", "iaf_vae")
KEPT = [case for case in CASES if not case.event.condition_size or case.name in CONDITIONAL]
WITHOUT_NETWORKS = ("planar", "radial", "sylvester", "ffjord", "bnaf", "residual")  # or with networks in float32


@pytest.mark.parametrize("case", [*KEPT, Case("nsf", TABLE)], ids=str)
def test_configuration_of_a_model_keeps_the_types_of_its_layers(case):
    settings = case.settings if case.event is not TABLE else {"kind": "autoregressive", "dropout": 0.0, "width": 4}
    with policy_of_new_layers("mixed_bfloat16"):
        mixed = zoo.create(case.name, event=case.event, **settings)
        config = mixed.get_config()
    assert types(type(mixed).from_config(config)) == types(mixed)
    assert case.name in WITHOUT_NETWORKS or "bfloat16" in {dtype for _, dtype in types(mixed)}


def test_noise_is_computed_in_float32_also_in_mixed_precision():
    # Its rounding costs 0.02 bits/dim where the noise is concentrated.
    with policy_of_new_layers("mixed_bfloat16"):
        model = make(Case("tarflow", EVENTS["image"]))
    assert isinstance(model.dequantization, LogitNormalDequantization)
    assert {dtype for _, dtype in types(model.dequantization)} == {"float32"}
    assert "bfloat16" in {dtype for _, dtype in types(model.flow)}


def test_model_saved_in_mixed_precision_scores_the_same_when_loaded_without(tmp_path):
    case = Case("realnvp", EVENTS["vector"])
    with policy_of_new_layers("mixed_bfloat16"):
        mixed = make(case)
        mixed.save(tmp_path / "mixed.keras")
    loaded = keras.models.load_model(tmp_path / "mixed.keras")
    x, _ = events(case, 100)
    np.testing.assert_array_equal(loaded.log_prob(x), mixed.log_prob(x))


def test_layers_of_another_precision_do_not_share_a_function_when_they_are_computed_again():
    float32, mixed = (
        layers.AffineCoupling("halves", conditioner=MLP(width=4, depth=1, dtype=policy))
        for policy in ("float32", "mixed_bfloat16")
    )
    for layer in (float32, mixed):
        layer.build((None, 4))
    assert recompute.likeness(float32) != recompute.likeness(mixed)


@pytest.mark.parametrize("name", ["vector", "image"])
def test_model_in_double_precision_is_served_in_float32(name, tmp_path):
    with float64():
        case = Case("nice", EVENTS[name])
        model = make(case)
        model.export(tmp_path / "model")
    served = tf.saved_model.load(tmp_path / "model").signatures
    x, _ = events(case, 3)
    z = served["encode"](x=tf.constant(x))["z"]
    assert z.dtype == tf.float32
    np.testing.assert_allclose(served["decode"](z=z)["x"], x, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(served["log_prob"](x=tf.constant(x))["log_prob"], model.log_prob(x), rtol=1e-5)
