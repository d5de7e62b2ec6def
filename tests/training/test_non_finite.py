"""A round that leaves NaN or infinity in a weight ends the run before its checkpoint is written."""

import numpy as np
import pytest

import zoo
from tfflows import datasets
from tfflows.errors import TrainingError
from tfflows.events import Event
from tfflows.training import TrainSettings
from tfflows.training.callbacks import SaveState, StopOnNonFinite
from tfflows.training.checkpoints import RunState
from tfflows.training.fitting import standard_callbacks
from tfflows.training.validation import Validation


def stopped(value):
    model = zoo.create("realnvp", Event((2,)), couplings=2, width=4)
    model.compile("adam")
    model.initialize(np.random.default_rng(0).normal(size=(16, 2)))
    callback = StopOnNonFinite()
    callback.set_model(model)
    callback.on_epoch_end(0, {"loss": 1.0})
    weight = model.trainable_variables[-1]
    weight.assign(np.full(weight.shape, value, np.float32))
    callback.on_epoch_end(1, {"loss": 1.0})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weight_that_is_not_finite_ends_the_run(value):
    with pytest.raises(TrainingError, match=r"finite weights\. Received: .* with NaN or infinity at step 0.*workdir"):
        stopped(value)


def test_finite_weights_do_not(recwarn):
    stopped(1e30)
    assert not recwarn.list


def test_weights_are_checked_before_they_are_kept(tmp_path):
    model, data = zoo.create("realnvp", Event((2,)), couplings=2, width=4), datasets.load("toy/rings")
    model.compile("adam")
    state, settings = RunState(model, tmp_path, writes=True), TrainSettings()
    order = [type(each) for each in standard_callbacks(model, data, settings, 10, state, tmp_path)]
    assert order.index(StopOnNonFinite) < min(order.index(Validation), order.index(SaveState))
