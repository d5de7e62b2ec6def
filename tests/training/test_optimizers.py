"""Learning rates of a schedule, and the clipping of gradients."""

import keras
import numpy as np
import pytest

from tfflows.training.optimizers import optimizer, schedule
from tfflows.training.settings import TrainSettings


def rates(steps, **settings):
    rate = schedule(TrainSettings(learning_rate=0.1, **settings), steps)
    return np.array([float(rate(step)) for step in range(steps)])


def test_constant_schedule_warms_up_and_stays():
    np.testing.assert_allclose(rates(6, warmup_steps=4), [0.025, 0.05, 0.075, 0.1, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(rates(3, warmup_steps=0), 0.1, rtol=1e-6)


def test_cosine_schedule_warms_up_and_ends_near_zero():
    found = rates(100, warmup_steps=20, schedule="cosine")
    assert np.all(np.diff(found[:21]) > 0)
    assert found[20] == pytest.approx(0.1)
    assert np.all(np.diff(found[20:]) < 0)
    assert found[-1] < 1e-4
    assert found[60] == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize(("clip_norm", "expected"), [(None, [3.0, 4.0]), (1.0, [0.6, 0.8]), (10.0, [3.0, 4.0])])
def test_gradient_is_scaled_down_to_the_norm(clip_norm, expected):
    one = optimizer(TrainSettings(clip_norm=clip_norm, ema=0.0), 10)
    variables = [keras.Variable(0.0), keras.Variable(0.0)]
    one.build(variables)
    seen = []
    one.update_step = lambda gradient, variable, rate: seen.append(float(gradient))
    one.apply_gradients(zip([np.float32(3), np.float32(4)], variables, strict=True))
    np.testing.assert_allclose(seen, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamax"])
def test_optimizers_are_kerass_own(name):
    assert isinstance(optimizer(TrainSettings(optimizer=name), 10), getattr(keras.optimizers, name.capitalize()))
