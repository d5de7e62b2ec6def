"""Laws of Keras: a model is saved, copied, trained and traced like any Keras model; a flow is a TFP distribution."""

import copy
import json
import pickle
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import Case, continuous, events, flow_of, kept, make, repeated

tfd = tfp.distributions


def keras_file_is_the_model(case: Case) -> None:
    model = make(case)
    x, conditions = events(case, 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    assert type(loaded) is type(model)
    assert (loaded.event, loaded.initialized) == (model.event, True)
    assert configuration(loaded) == configuration(model)
    np.testing.assert_array_equal(loaded.log_prob(x, **conditions), model.log_prob(x, **conditions))


def copies_are_the_model(case: Case) -> None:
    model = make(case)
    x, conditions = events(case, 4)
    expected = model.log_prob(x, **conditions)
    copies = {"deepcopy": copy.deepcopy(model), "pickle": pickle.loads(pickle.dumps(model))}
    for name, other in copies.items():
        np.testing.assert_array_equal(other.log_prob(x, **conditions), expected, err_msg=name)
        other.trainable_variables[0].assign_add(tf.ones_like(other.trainable_variables[0]))
        assert np.any(other.log_prob(x, **conditions) != expected), f"{name} does not use its weights"
    np.testing.assert_array_equal(model.log_prob(x, **conditions), expected)
    clone = keras.models.clone_model(model)
    assert configuration(clone) == configuration(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.log_prob(x, **conditions), expected)


def configuration(model: keras.Model) -> str:
    """The whole configuration as JSON, without the names that Keras numbers."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items() if key not in ("name", "build_config")}
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value

    return json.dumps(plain(keras.saving.serialize_keras_object(model)), sort_keys=True, default=str)


def plain_keras_trains(case: Case) -> None:
    keras.utils.set_random_seed(0)
    model = zoo.create(case.name, case.event, **case.settings)
    x, conditions = events(case, 32)
    model.compile(keras.optimizers.SGD(1e-4))
    weights = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append([variable.numpy() for variable in model.trainable_variables])
    )
    given = {"y": conditions.get("label"), "context": conditions.get("context")}
    history = model.fit(x, **given, epochs=2, batch_size=16, verbose=0, callbacks=[note]).history
    assert any(np.any(before != after) for before, after in zip(*weights, strict=True)), "no weight has moved"
    assert np.isfinite(history["loss"]).all()
    assert model.optimizer.iterations.numpy() == 4
    data = {"x": x, **conditions}
    expected = model.log_prob(x, **conditions).numpy()
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-4, atol=1e-4)
    loss = model.evaluate(data, verbose=0, return_dict=True)["loss"] - sum(float(loss) for loss in model.losses)
    np.testing.assert_allclose(loss, -expected.mean(), rtol=1e-4)


def works_in_a_users_graph(case: Case) -> None:
    model = kept(case)
    x, conditions = events(case, 4)
    conditions = {name: tf.constant(value) for name, value in conditions.items()}
    specs = tf.nest.map_structure(lambda value: tf.TensorSpec([None, *value.shape[1:]], value.dtype), conditions)
    signature = [tf.TensorSpec([None, *case.event.shape], case.event.dtype), specs]

    @tf.function(input_signature=signature)
    def everything(x, conditions):
        with tf.GradientTape() as tape:
            log_prob = model.log_prob(x, **conditions)
        z = model.encode(x, **conditions)
        drawn = model.sample(4, **conditions, seed=3)
        return log_prob, z, model.decode(z, **conditions), drawn, tape.gradient(log_prob, model.trainable_variables)

    *values, gradients = everything(tf.constant(x), conditions)
    z = model.encode(x, **conditions)
    expected = [
        model.log_prob(x, **conditions),
        z,
        model.decode(z, **conditions),
        model.sample(4, **conditions, seed=3),
    ]
    for value, one in zip(values, expected, strict=True):
        np.testing.assert_allclose(np.asarray(value, float), np.asarray(one, float), rtol=1e-4, atol=1e-4)
    assert all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)


def distribution_is_one_of_tfp(case: Case) -> None:
    model, given = flow_of(kept(case)), repeated(case, 6)
    x = continuous(case, 6)[0] if case.event.discrete else events(case, 6)[0]
    distribution, shape = model.distribution(**{name: value[0] for name, value in given.items()}), case.event.shape
    assert distribution.sample().shape == shape
    drawn = distribution.sample((2, 3), seed=[0, 1])
    assert drawn.shape == (2, 3, *shape)
    np.testing.assert_array_equal(drawn, distribution.sample((2, 3), seed=[0, 1]))
    expected = model.log_prob(x, **given).numpy()
    for leading in ((), (6,), (2, 3)):
        rows = x[0] if leading == () else x.reshape(*leading, *shape)
        log_prob = distribution.log_prob(rows)
        assert log_prob.shape == leading
        np.testing.assert_allclose(np.ravel(log_prob), expected[: np.size(log_prob)], rtol=1e-5)
    joint = tfd.JointDistributionSequential([distribution, tfd.Normal(0.0, 1.0)])
    assert joint.log_prob(joint.sample(seed=[0, 1])).shape == ()


KERAS_LAWS = [
    keras_file_is_the_model,
    copies_are_the_model,
    plain_keras_trains,
    works_in_a_users_graph,
    distribution_is_one_of_tfp,
]
