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
from tests.cases import Case, continuous, events, flow_of, make

tfd = tfp.distributions


def keras_file_is_the_model(case: Case) -> None:
    model = make(case)
    x, label = events(case, 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    assert type(loaded) is type(model)
    assert (loaded.event, loaded.initialized) == (model.event, True)
    assert configuration(loaded) == configuration(model)
    np.testing.assert_array_equal(loaded.log_prob(x, label), model.log_prob(x, label))


def copies_are_the_model(case: Case) -> None:
    model = make(case)
    x, label = events(case, 4)
    expected = model.log_prob(x, label)
    copies = {"deepcopy": copy.deepcopy(model), "pickle": pickle.loads(pickle.dumps(model))}
    for name, other in copies.items():
        np.testing.assert_array_equal(other.log_prob(x, label), expected, err_msg=name)
        other.trainable_variables[0].assign_add(tf.ones_like(other.trainable_variables[0]))
    np.testing.assert_array_equal(model.log_prob(x, label), expected)
    clone = keras.models.clone_model(model)
    assert configuration(clone) == configuration(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.log_prob(x, label), expected)


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
    x, label = events(case, 32)
    model.compile(keras.optimizers.SGD(1e-4))
    history = model.fit(x, label, epochs=2, batch_size=16, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.optimizer.iterations.numpy() == 4
    data = {"x": x} if label is None else {"x": x, "label": label}
    expected = model.log_prob(x, label).numpy()
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-4, atol=1e-4)
    loss = model.evaluate(data, verbose=0, return_dict=True)["loss"] - sum(float(loss) for loss in model.losses)
    np.testing.assert_allclose(loss, -expected.mean(), rtol=1e-4)


def works_in_a_users_graph(case: Case) -> None:
    model = make(case)
    x, label = events(case, 4)
    label = None if label is None else tf.constant(label)
    signature = [tf.TensorSpec([None, *case.event.shape], case.event.dtype)]

    @tf.function(input_signature=signature)
    def everything(x):
        with tf.GradientTape() as tape:
            log_prob = model.log_prob(x, label)
        z = model.encode(x, label)
        drawn = model.sample(4, label, seed=3)
        return log_prob, z, model.decode(z, label), drawn, tape.gradient(log_prob, model.trainable_variables)

    *values, gradients = everything(tf.constant(x))
    z = model.encode(x, label)
    expected = [model.log_prob(x, label), z, model.decode(z, label), model.sample(4, label, seed=3)]
    for value, one in zip(values, expected, strict=True):
        np.testing.assert_allclose(np.asarray(value, float), np.asarray(one, float), rtol=1e-4, atol=1e-4)
    assert all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)


def distribution_is_one_of_tfp(case: Case) -> None:
    if not case.exact or case.event.classes:
        return  # a bound is no distribution
    model = flow_of(make(case))
    x = continuous(case, 6)[0] if case.event.discrete else events(case, 6)[0]
    distribution, shape = model.distribution(), case.event.shape
    assert distribution.sample().shape == shape
    drawn = distribution.sample((2, 3), seed=[0, 1])
    assert drawn.shape == (2, 3, *shape)
    np.testing.assert_array_equal(drawn, distribution.sample((2, 3), seed=[0, 1]))
    expected = model.log_prob(x).numpy()
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
