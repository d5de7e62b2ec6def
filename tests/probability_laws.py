"""Laws of models of integers, whose score is an exact probability: each replaces a law of densities."""

import dataclasses
import itertools

import numpy as np
import tensorflow as tf

from tests.cases import Case, make, repeated
from tfflows import noise
from tfflows.models import PixelModel

REACH = range(-9, 12)  # around the levels 0..2, for models of all integers


def masses_add_up_to_1(case: Case) -> None:
    """Replaces "log-det is that of the Jacobian": the masses of all integers add up to 1, for an image of 4 pixels."""
    tiny = dataclasses.replace(case, event=dataclasses.replace(case.event, shape=(2, 2, 1), levels=3))
    model = make(tiny, **({"scales": 1} if "scales" in tiny.settings else {}))
    reach = range(3) if isinstance(model, PixelModel) else REACH
    assert_masses_add_up_to_1(model, reach, repeated(tiny, len(reach) ** 4))


def assert_masses_add_up_to_1(model, reach: range, conditions: dict) -> None:
    """Checks the masses of all integers in `reach`, which are all but 1e-6 of them."""
    x = np.array(list(itertools.product(reach, repeat=4)), np.float32).reshape(-1, 2, 2, 1)
    nats = model.log_prob_fn(tf.constant(x), model.condition(**conditions), noise.seed_pair(0)).numpy()
    total = np.exp(nats.astype(np.float64)).sum()
    assert abs(total - 1) < 1e-4, total
    assert np.exp(nats).max() < 0.9, "one event has all of the mass"
