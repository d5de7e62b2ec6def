"""The costs that layers and the registry state are the actual ones: network passes, and root searches."""

import collections
from functools import partial

import keras
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import CASES, EVENTS, make
from tfflows import noise

VECTORS = [case for case in CASES if case.event.kind == "vector" and not case.event.condition_size]
EXACT = [case for case in VECTORS if case.exact]


@pytest.mark.parametrize("case", VECTORS, ids=str)
def test_costs_are_those_that_the_layers_name(case, monkeypatch):
    model = make(case)
    draw = partial(model.sample_fn, noise.split(noise.seed_pair(0), 2), tf.ones([2]), None)
    if not case.exact:
        assert agrees(case.row.sample_cost, *counted(draw, monkeypatch), case)
        return  # only a flow has costs of its own
    assert agrees(model.sample_cost, *counted(draw, monkeypatch), case)
    assert agrees(model.log_prob_cost, *counted(partial(model.log_density, tf.zeros([2, 2])), monkeypatch), case)


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_row_has_the_costs_of_the_default_settings(case):
    small = {name: value for name, value in case.settings.items() if name != "components"}
    model = zoo.create(case.name, case.event, **small)
    assert (model.log_prob_cost, model.sample_cost) == (case.row.log_prob_cost, case.row.sample_cost)


def test_jacobi_iteration_is_no_loop_over_tokens():
    models = [zoo.create("tarflow", EVENTS["image"], blocks=1, patch=2, jacobi_blocks=number) for number in (None, 1)]
    assert [model.sample_cost.passes for model in models] == ["sequential", "fixed point"]


def agrees(cost, passes, roots, case):
    """Whether a cost agrees with the count; a solver's passes vary, and some layers have no network.

    A network that is computed in steps is read without calls, or called for each step.
    """
    expected = {"1": (0, 1), "sequential": (0, case.event.size), "D": (case.event.size,)}.get(cost.passes, (passes,))
    return passes in expected and roots == cost.root_search


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
