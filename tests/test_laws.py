"""Every law, for every architecture of the registry; for conditional ones, those that label or context could break."""

import pytest

from tests import bound_laws, estimate_laws, laws, probability_laws
from tests.cases import CASES
from tests.condition_laws import CONDITION_LAWS, conditions_are_the_batch_of_a_distribution
from tests.keras_laws import KERAS_LAWS, copies_are_the_model, distribution_is_one_of_tfp, works_in_a_users_graph
from tests.serving_laws import saved_model_is_the_model
from tests.training_laws import (
    train_step_compiles_under_xla,
    two_replicas_train_as_one,
    unit_of_the_data_does_not_matter,
)

pytestmark = pytest.mark.law

# The laws that replace those that cannot hold for an estimate, for probabilities of integers, and for a bound.
OF_ESTIMATES = {laws.log_det_is_that_of_the_jacobian: estimate_laws.log_det_is_the_mean_of_estimates}
OF_PROBABILITIES = {laws.log_det_is_that_of_the_jacobian: probability_laws.masses_add_up_to_1}
OF_BOUNDS = {
    laws.sampling_inverts_density: bound_laws.more_importance_samples_tighten_the_bound,
    laws.log_det_is_that_of_the_jacobian: bound_laws.posterior_and_prior_have_the_same_mass,
    laws.temperature_scales_the_latent: bound_laws.temperature_narrows_what_is_drawn,
}


# Pixels are bounded and rounded: the vectors of the same layers hold these, and test_parity.py runs on two replicas.
OF_REAL_VECTORS = {
    laws.temperature_scales_the_latent,
    laws.density_integrates_to_one,
    laws.samples_agree_with_density,
    laws.inputs_far_outside_have_finite_gradients,
    two_replicas_train_as_one,
    unit_of_the_data_does_not_matter,
}
# A bound is not a distribution.
OF_EXACT_DENSITIES = {distribution_is_one_of_tfp, conditions_are_the_batch_of_a_distribution}


def laws_of(case):
    by_density = {"exact": {}, "bound": OF_BOUNDS, "probability": OF_PROBABILITIES}
    stand_ins = OF_ESTIMATES if case.estimated else by_density[case.row.density]
    found = [stand_ins.get(law, law) for law in all_laws_of(case)]
    cannot_hold = (OF_REAL_VECTORS if case.event.discrete else set()) | (set() if case.exact else OF_EXACT_DENSITIES)
    return [law for law in found if law not in cannot_hold]


# What models share is tested with label and context in one architecture of each kind: a coupling, an ODE, transformers,
# and an autoencoder.
WHOLE_CONDITIONAL = ("realnvp", "ffjord", "tarflow", "flow_vae")
SHARED = {*KERAS_LAWS, *CONDITION_LAWS[1:], saved_model_is_the_model}
# What the class of a model does, whatever its layers are: one architecture of each class holds it for the others.
OF_EACH_CLASS = {laws.bad_input_is_named, copies_are_the_model}
ONE_OF_EACH_CLASS = (*WHOLE_CONDITIONAL, "pixelcnn", "idf", "iaf_vae")
# What depends on the algorithm of a layer: a sweep, a root search, an iteration, a solver.
OF_EACH_ALGORITHM = {works_in_a_users_graph}
ONE_OF_EACH_ALGORITHM = (*ONE_OF_EACH_CLASS, "maf", "naf", "bnaf", "residual", "sylvester")
# What an architecture's vectors and images share; RealNVP holds it for the pixels of them all.
OF_ALL_EVENTS = {*KERAS_LAWS, saved_model_is_the_model}

# An ODE for all pixels takes long to solve: such images hold what their vectors cannot show.
OF_PIXELS_ALONE = {
    laws.log_det_is_that_of_the_jacobian,
    laws.sampling_inverts_density,
    laws.every_weight_gets_a_finite_gradient,
    laws.each_event_is_scored_alone,
    laws.bad_input_is_named,
}


def is_costly(case):
    """Whether each evaluation solves an ODE for all pixels."""
    return case.event.kind == "image" and case.row.log_prob_cost.passes == "adaptive"


def all_laws_of(case):
    left_out = set() if case.name in ONE_OF_EACH_CLASS else OF_EACH_CLASS
    left_out = left_out if case.name in ONE_OF_EACH_ALGORITHM else left_out | OF_EACH_ALGORITHM
    return [law for law in laws_of_kind(case) if law not in left_out]


def laws_of_kind(case):
    if is_costly(case):
        return [] if case.event.condition_size else [law for law in laws.LAWS if law in OF_PIXELS_ALONE]
    of_vectors = case.event.kind == "vector" or case.name == "realnvp"
    if not case.event.condition_size:
        has_vectors = "vector" in case.row.builders
        return [law for law in laws.LAWS if of_vectors or not (has_vectors and law in OF_ALL_EVENTS)]
    # Large graphs take long to compile; RealNVP stands for the images of the others.
    held = laws.ALL_CONDITIONAL_LAWS if of_vectors else laws.CONDITIONAL_LAWS
    return [law for law in held if case.name in WHOLE_CONDITIONAL or law not in SHARED]


# Laws that compile whole graphs or write files. RealNVP stands for the others in the default suite.
HEAVY = {
    *KERAS_LAWS,
    *CONDITION_LAWS,
    estimate_laws.log_det_is_the_mean_of_estimates,
    laws.weights_round_trip,
    saved_model_is_the_model,
    train_step_compiles_under_xla,
    two_replicas_train_as_one,
    unit_of_the_data_does_not_matter,
}


def is_slow(law, case):
    """Whether a pair waits for the slow suite."""
    if case.name == "realnvp":
        return case.event.kind == "image" and (law in HEAVY or case.event.condition_size > 0)
    has_vectors = case.event.kind == "image" and "vector" in case.row.builders  # which stand for its images
    return law in HEAVY or case.event.condition_size > 0 or has_vectors or is_costly(case)


PAIRS = [
    pytest.param(law, case, marks=pytest.mark.slow) if is_slow(law, case) else (law, case)
    for case in CASES
    for law in laws_of(case)
]


@pytest.mark.parametrize(("law", "case"), PAIRS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_law(law, case):
    law(case)
