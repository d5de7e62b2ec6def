"""Mutants of what a model is conditioned on, with the laws that catch them: `test_mutants.py` runs them."""

import dataclasses

import tensorflow as tf

from tests import condition_laws, laws
from tests.cases import CONDITIONS, EVENTS, Case
from tfflows import events
from tfflows.models import GenerativeModel
from tfflows.models.distribution import FlowDistribution

CONDITIONAL = Case("realnvp", dataclasses.replace(EVENTS["vector"], **CONDITIONS))


def changed(method, change):
    """A method whose result is changed."""

    def mutant(self, *args, **kwargs):
        return change(self, method(self, *args, **kwargs))

    return mutant


def context_is_ignored(patch):
    method = GenerativeModel.condition
    patch.setattr(GenerativeModel, "condition", lambda self, label, context: method(self, label, 0 * context))


def label_is_ignored(patch):
    method = GenerativeModel.condition
    patch.setattr(GenerativeModel, "condition", lambda self, label, context: method(self, 0 * label, context))


def contexts_of_two_rows_are_swapped(patch):
    def swapped(self, label, context):
        return method(self, label, tf.concat([context[1:2], context[:1], context[2:]], axis=0))

    method = GenerativeModel.condition
    patch.setattr(GenerativeModel, "condition", swapped)


def one_context_is_for_the_first_row(patch):
    method = events._for_each

    def padded(name, value, row, rows):
        repeated = method(name, value, row, rows)
        return repeated if value.shape.rank > len(row) else tf.concat([repeated[:1], 0 * repeated[1:]], axis=0)

    patch.setattr(events, "_for_each", padded)


def batch_of_a_distribution_is_transposed(patch):
    mutant = changed(FlowDistribution._rows_of_condition, lambda self, rows: tf.reverse(rows, [0]))
    patch.setattr(FlowDistribution, "_rows_of_condition", mutant)


CONDITION_MUTANTS = [
    (context_is_ignored, condition_laws.each_condition_matters, CONDITIONAL),
    (label_is_ignored, condition_laws.each_condition_matters, CONDITIONAL),
    (one_context_is_for_the_first_row, condition_laws.one_condition_is_that_of_all_rows, CONDITIONAL),
    (batch_of_a_distribution_is_transposed, condition_laws.conditions_are_the_batch_of_a_distribution, CONDITIONAL),
    (contexts_of_two_rows_are_swapped, laws.each_event_is_scored_alone, CONDITIONAL),
]
