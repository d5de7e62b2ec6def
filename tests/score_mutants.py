"""Mutants of scores that are estimates or probabilities, with the laws that catch them: `test_mutants.py` runs them."""

import tensorflow as tf

from tests import estimate_laws, laws, probability_laws
from tests.cases import EVENTS, Case
from tfflows import bijectors
from tfflows.integers import DiscretizedLogisticMixture

ESTIMATE, PROBABILITY = Case("residual", EVENTS["image"]), Case("idf", EVENTS["image"])


def signs_of_the_terms_do_not_alternate(patch):
    method = bijectors.RussianRoulette.weight
    patch.setattr(bijectors.RussianRoulette, "weight", lambda self, k: _with_sign(method(self, k), k))


def _with_sign(weight, k):
    return tf.where(k % 2 == 0, -weight, weight)


def integers_are_not_rounded(patch):
    patch.setattr("tfflows.bijectors.rounded.rounded", lambda x: x)


def cells_of_integers_overlap(patch):
    method = DiscretizedLogisticMixture.log_prob
    patch.setattr(DiscretizedLogisticMixture, "log_prob", lambda self, outputs, z: method(self, outputs, 0.5 * z))


SCORE_MUTANTS = [
    (signs_of_the_terms_do_not_alternate, estimate_laws.log_det_is_the_mean_of_estimates, ESTIMATE),
    (integers_are_not_rounded, laws.sampling_inverts_density, PROBABILITY),
    (cells_of_integers_overlap, probability_laws.masses_add_up_to_1, PROBABILITY),
]
