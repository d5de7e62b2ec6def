"""A run is a function of its seed: the order of the data, the noise of pixels, and the first batch follow from it."""

import numpy as np
import pytest

from tfflows import training
from tfflows.datasets import Data
from tfflows.events import Event
from tfflows.layers import ActNorm
from tfflows.models import Dequantized, Flow
from tfflows.splits import in_memory

VECTOR, PIXELS = Event((2,)), Event((2, 2, 1), "uint8", 16)
VECTORS = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32)
ONE_IMAGE = np.full((16, 2, 2, 1), 7, np.uint8)  # in any order the same


def scale_and_shift(event, first=None):
    """A flow of one ActNorm, whose weights are set by the rows `first`, or else by the run."""
    flow = Flow(event.dequantized, [ActNorm()])
    model = Dequantized(flow, levels=event.levels) if event.discrete else flow
    if first is not None:
        model.initialize(first)
    return model


# The rows, the model and the learning rate with which one use of the seed alone is seen.
USES = {
    "order": (VECTORS, lambda: scale_and_shift(VECTOR, VECTORS), 0.1),
    "noise": (ONE_IMAGE, lambda: scale_and_shift(PIXELS, ONE_IMAGE), 0.1),
    "first rows": (VECTORS, lambda: scale_and_shift(VECTOR), 1e-9),
    "noise of the first rows": (ONE_IMAGE, lambda: scale_and_shift(PIXELS), 1e-9),
}


def weights_after(use, seed, workdir):
    """All weights after two steps of a run."""
    x, make, learning_rate = USES[use]
    model, rows = make(), in_memory(x=x)
    settings = training.TrainSettings(steps=2, batch_size=4, learning_rate=learning_rate, warmup_steps=0)
    data = Data("rows", model.event, rows, rows, rows)
    training.fit(model, data, settings, seed=seed, workdir=workdir, only_weights=True, verbose=0)
    return np.concatenate([variable.numpy().ravel() for variable in model.trainable_variables])


@pytest.mark.slow
@pytest.mark.parametrize("use", USES)
def test_run_is_a_function_of_its_seed(use, tmp_path):
    first, again, other = (weights_after(use, seed, tmp_path) for seed in (0, 0, 1))
    np.testing.assert_array_equal(again, first)
    assert np.abs(other - first).max() > 1e-3
