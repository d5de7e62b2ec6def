"""TensorFlow warns of functions that are traced again and again: using several models in a program is not that."""

import logging

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function import polymorphic_function

import zoo
from tfflows.events import Event

MANAGER = "_frequent_tracing_detector_manager"


def warnings_of(run) -> list[str]:
    """What TensorFlow logs while `run` runs."""
    found = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())
    tf.get_logger().addHandler(handler)
    try:
        with pytest.MonkeyPatch.context() as patch:  # TensorFlow warns twice at most, of all that a process has traced
            patch.setattr(polymorphic_function, MANAGER, type(getattr(polymorphic_function, MANAGER))())
            run()
    finally:
        tf.get_logger().removeHandler(handler)
    return found


def use_seven_models():
    x = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    for _ in range(7):
        model = zoo.create("made", Event((2,)), width=4)
        model.compile("adam")
        model.fit(x, verbose=0)
        model.log_prob(x)
        model.sample(2, seed=0)


@pytest.mark.slow
def test_seven_models_are_no_retracing():
    assert warnings_of(use_seven_models) == []


def test_retracing_is_seen():
    def trace_seven_times():
        for size in range(7):
            tf.function(lambda x: x + 1)(tf.zeros([size]))

    assert any("triggered tf.function retracing" in message for message in warnings_of(trace_seven_times))
