"""What the table says of costs is what is run: passes through a network for a sample, and searches for roots."""

import collections
from functools import partial

import keras
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.cases import CASES, make
from tfflows import noise

VECTORS = [case for case in CASES if case.event.kind == "vector" and not case.event.classes]


@pytest.mark.parametrize("case", VECTORS, ids=str)
def test_costs_are_what_table_and_layers_say(case, monkeypatch):
    model = make(case)
    draw = partial(model.sample_fn, noise.split(noise.seed_pair(0), 2), tf.ones([2]), None)
    passes, roots = counted(draw, monkeypatch)
    said = case.row.sample_passes
    assert roots == ("root" in said and not _plain(case))
    assert passes in ({"1": 1, "D": case.event.size}.get(said[0], passes), 0)
    if not case.exact:
        return  # only of a flow does one draw and score what was drawn
    assert roots == ("root" in model.sampling_cost)
    assert (passes > 1) == ("pass" in model.sampling_cost) or _adaptive(case)
    passes, roots = counted(partial(model.distribution().log_prob, tf.zeros([2, 2])), monkeypatch)
    assert roots == ("root" in model.scoring_cost)
    assert (passes > 1) == ("pass" in model.scoring_cost) or _adaptive(case)


def counted(function, monkeypatch):
    """The most passes that `function` makes through any one layer, and whether it searches for roots."""
    counts = collections.Counter()
    call, search = keras.layers.Layer.__call__, tfp.math.find_root_chandrupatla

    def called(self, *args, **kwargs):
        counts[self.path] += 1
        return call(self, *args, **kwargs)

    def searched(*args, **kwargs):
        counts["roots"] += 1
        return search(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(keras.layers.Layer, "__call__", called)
        patch.setattr(tfp.math, "find_root_chandrupatla", searched)
        function()
    roots = counts.pop("roots", 0) > 0
    return max(counts.values(), default=0), roots


def _adaptive(case):
    """Whether a pass is that of a solver, which takes what it needs."""
    return "adaptive" in case.row.sample_passes


def _plain(case):
    """Whether the case has no mixtures, where only mixtures need roots."""
    return "mixtures" in case.row.sample_passes and case.settings.get("components", 1) == 1
