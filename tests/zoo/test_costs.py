"""What the table says of costs is what is run: passes through a network for a sample, and searches for roots."""

import collections

import keras
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.cases import CASES, make
from tfflows import noise

VECTORS = [case for case in CASES if case.event.kind == "vector" and not case.event.classes]


@pytest.mark.parametrize("case", VECTORS, ids=str)
def test_a_sample_costs_what_the_table_says(case, monkeypatch):
    model, counts = make(case), collections.Counter()
    call, search = keras.layers.Layer.__call__, tfp.math.find_root_chandrupatla

    def counted(self, *args, **kwargs):
        counts[self.path] += 1
        return call(self, *args, **kwargs)

    def searched(*args, **kwargs):
        counts["roots"] += 1
        return search(*args, **kwargs)

    monkeypatch.setattr(keras.layers.Layer, "__call__", counted)
    monkeypatch.setattr(tfp.math, "find_root_chandrupatla", searched)
    model.sample_fn(noise.split(noise.seed_pair(0), 2), tf.ones([2]), None)
    said = case.row.sample_passes
    assert (counts.pop("roots", 0) > 0) == ("root" in said and not _plain(case))
    passes = {"1": 1, "D": case.event.size}.get(said[0])
    assert passes is None or max(counts.values(), default=passes) == passes


def _plain(case):
    """Whether the case has no mixtures, where only mixtures need roots."""
    return "mixtures" in case.row.sample_passes and case.settings.get("components", 1) == 1
