"""Classes are found by their names when a model is loaded: those of a user next to those of this project."""

import keras
import numpy as np

from tfflows import layers
from tfflows.events import Event
from tfflows.models import Flow


def user_class():
    """A user's layer with the name of one of the project's."""

    class ActNorm(layers.ActNorm):
        pass

    return ActNorm


def test_class_of_a_user_does_not_replace_one_of_the_same_name(tmp_path):
    x = np.random.default_rng(0).normal(size=(64, 2))
    own, other = (Flow(Event((2,)), [each()]) for each in (layers.ActNorm, user_class()))
    for name, flow in {"own": own, "other": other}.items():
        flow.initialize(x)
        flow.save(tmp_path / f"{name}.keras")
        loaded = keras.models.load_model(tmp_path / f"{name}.keras")
        assert type(loaded.flow_layers[0]) is type(flow.flow_layers[0])
        np.testing.assert_array_equal(loaded.log_prob(x), flow.log_prob(x))
