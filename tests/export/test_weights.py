"""An export's weights are those of its SavedModel: read back bit for bit, or refused."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.training import small_run
from tfflows import bijectors, noise
from tfflows.bijectors import masks
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.export import load_weights
from tfflows.layers import AffineCoupling
from tfflows.servable import Servable


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model whose weights are all different, and the folder of its SavedModel."""
    model, version = small_run.initialized("realnvp"), tmp_path_factory.mktemp("exported") / "1"
    for number, variable in enumerate(model.variables):
        variable.assign(tf.cast(keras.random.normal(variable.shape, seed=number), variable.dtype))
    Servable(model).save(version)
    return model, version


def values(model):
    return [variable.numpy() for variable in model.variables]


def assert_bits(found, expected):
    assert [(value.dtype, value.shape, value.tobytes()) for value in found] == [
        (value.dtype, value.shape, value.tobytes()) for value in expected
    ]


def test_every_weight_comes_back_bit_for_bit(exported):
    model, version = exported
    other = small_run.model("realnvp")
    assert any(np.any(a != b) for a, b in zip(values(other), values(model), strict=True))
    load_weights(other, version)
    assert_bits(values(other), values(model))


@pytest.mark.slow
def test_integer_weights_do_too(tmp_path):
    made = [zoo.create("glow", event=Event((2,)), steps=2, width=4) for _ in range(2)]
    made[0].initialize(np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32))
    assert {variable.dtype for variable in made[0].variables} == {"float32", "int64"}
    Servable(made[0]).save(tmp_path)
    load_weights(made[1], tmp_path)
    assert_bits(values(made[1]), values(made[0]))
    assert made[1].initialized


def assert_refused(model, version, rule):
    before = values(model)
    with pytest.raises(InputError, match=rule):
        load_weights(model, version)
    assert_bits(values(model), before)


def test_weights_of_another_model_are_refused_and_none_is_set(exported, tmp_path):
    model, version = exported
    deeper = zoo.create("realnvp", event=model.event, scales=1, width=4, blocks=2)
    rule = f"Expected {len(deeper.variables)} weights in {str(version)!r}, as many as the model has. "
    assert_refused(deeper, version, re.escape(f"{rule}Received: weights={len(model.variables)}."))
    wider = zoo.create("realnvp", event=model.event, scales=1, width=5, blocks=1)
    assert_refused(wider, version, r"Expected `.*` in '.*' to be float32 \[.*5\]\. Received: weight='float32 \[.*4\]'")
    weights = [tf.Variable(value) for value in values(model)]
    weights[-1] = tf.Variable(tf.cast(weights[-1], tf.float64))
    tf.train.Checkpoint(_weights=weights).write(str(tmp_path / "variables" / "variables"))
    assert_refused(small_run.model("realnvp"), tmp_path, r"to be float32 .*Received: weight='float64 ")


def test_folder_without_weights_is_refused(tmp_path):
    assert_refused(
        small_run.model("realnvp"), tmp_path, r"Expected a version of an export, with its weights\. Received: '"
    )
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.index").write_text("broken")
    assert_refused(
        small_run.model("realnvp"), tmp_path, r"Expected a version of an export, with its weights\. Received: '"
    )


def test_coupling_of_vectors_is_cut_from_one_that_reads_all_entries(tmp_path, monkeypatch):
    event, settings = Event((5,), context=2), {"couplings": 3, "width": 8}
    with monkeypatch.context() as patch:
        patch.setattr(AffineCoupling, "bijector", whole_bijector)
        patch.setattr(AffineCoupling, "build", whole_build)
        old = zoo.create("realnvp", event, **settings)
        for number, variable in enumerate(old.variables):
            variable.assign(tf.cast(keras.random.normal(variable.shape, seed=number), variable.dtype))
        x, context = keras.random.normal((64, 5), seed=0), keras.random.normal((64, 2), seed=1)
        wanted = old.log_prob_fn(x, context, noise.seed_pair(0))
        Servable(old).save(tmp_path / "1")
    new = zoo.create("realnvp", event, **settings)
    load_weights(new, tmp_path / "1")
    np.testing.assert_allclose(new.log_prob_fn(x, context, noise.seed_pair(0)), wanted, rtol=1e-5)
    with pytest.raises(InputError, match=r"Expected .* to be float32"):
        load_weights(zoo.create("realnvp", event, couplings=3, width=4), tmp_path / "1")


def whole_build(self, input_shape):
    self.is_vector = False
    self.keep = masks.MASKS[self.mask](tuple(input_shape[1:]), flip=self.flip)
    self.network = self._conditioner().sized(2 * input_shape[-1])
    self.network.build(input_shape)
    self.bound = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="bound")


def whole_bijector(self, context=None, *, training=False, seeds=None):
    return bijectors.MaskedCoupling(self.keep, lambda kept: self._affine(kept, context, training, seeds))
