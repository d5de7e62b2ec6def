"""A round that leaves NaN or infinity in a weight ends the run before its checkpoint is written."""

import numpy as np
import pytest

import zoo
from tfflows.errors import TrainingError
from tfflows.events import Event
from tfflows.training.callbacks import StopOnNonFinite


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
