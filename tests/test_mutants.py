"""The laws can fail: each mutant of the code breaks the law that should catch it."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import bound_laws, keras_laws, laws
from tests.cases import EVENTS, Case
from tests.condition_mutants import CONDITION_MUTANTS, changed
from tests.score_mutants import SCORE_MUTANTS
from tests.test_laws import OF_BOUNDS, OF_ESTIMATES, OF_PROBABILITIES
from tfflows import bijectors, noise, values
from tfflows.bijectors import base
from tfflows.layers import ActNorm, AffineCoupling, Chain, affine
from tfflows.models import VAE, Flow
from tfflows.models.distribution import FlowDistribution
from tfflows.serialization import Configurable
from tfflows.servable import Servable

pytestmark = pytest.mark.law

VECTOR, IMAGE = Case("realnvp", EVENTS["vector"]), Case("realnvp", EVENTS["image"])
SERVED, SERVED_IMAGE = Case("nice", EVENTS["vector"]), Case("nice", EVENTS["image"])  # of the smallest graphs
BOUND, GLOW = Case("flow_vae", EVENTS["vector"]), Case("glow", EVENTS["image"])


def log_det_sign_flipped(patch):
    for name in ("forward_and_log_det", "inverse_and_log_det"):
        method = getattr(bijectors.Affine, name)
        patch.setattr(bijectors.Affine, name, changed(method, lambda self, pair: (pair[0], -pair[1])))


def log_det_halved(patch):
    for name in ("forward_and_log_det", "inverse_and_log_det"):
        method = getattr(bijectors.Affine, name)
        patch.setattr(bijectors.Affine, name, changed(method, lambda self, pair: (pair[0], pair[1] / 2)))


def conditioner_sees_what_it_changes(patch):
    def mapped(self, x, direction):
        kept, changed = self.sides.split(x)
        scalar = self.transform(kept + changed)
        log_det = getattr(scalar, f"{direction}_log_det_jacobian")(changed, event_ndims=0)
        return self._merge(kept, getattr(scalar, direction)(changed), log_det)

    for direction in ("forward", "inverse"):
        mutant = functools.partialmethod(mapped, direction)
        patch.setattr(bijectors.Coupling, f"{direction}_and_log_det", mutant)


def masked_conditioner_sees_what_it_changes(patch):
    patch.setattr(bijectors.MaskedCoupling, "_scalar", lambda self, x: self.transform(x))


def inverse_wrong_by_a_constant(patch):
    method = bijectors.Affine.forward_and_log_det
    mutant = changed(method, lambda self, pair: (pair[0] + 0.3, pair[1]))
    patch.setattr(bijectors.Affine, "forward_and_log_det", mutant)


def weight_left_out_of_the_gradient(patch):
    def affine(self, kept, context, training, seeds):
        log_scale, shift = tf.split(self.network(kept, context), 2, axis=-1)
        return bijectors.Affine(shift, tf.stop_gradient(self.bound) * tf.tanh(log_scale))

    patch.setattr(AffineCoupling, "_affine", affine)


def noise_depends_on_the_batch(patch):
    alone = noise.row_seeds
    patch.setattr(noise, "row_seeds", lambda x, seed: alone(x, seed) + tf.reduce_sum(tf.cast(x, tf.int32)))


def nothing_is_remembered(patch):
    patch.setattr(base, "_remembered", lambda function, x, memo, opposite: function(x))


def seed_is_ignored(patch):
    patch.setattr(noise, "split", lambda seed, num: tf.zeros([num, 2], tf.int32))


def temperature_is_ignored(patch):
    method = Flow.sample_fn
    patch.setattr(Flow, "sample_fn", lambda self, seeds, t, label: method(self, seeds, tf.ones_like(t), label))


def weights_are_not_saved(patch):
    patch.setattr(keras.Model, "load_weights", lambda self, path: None)


def score_has_another_seed(patch):
    patch.setattr("tfflows.servable.LOG_PROB_SEED", 1)


def score_depends_on_the_number_of_rows(patch):
    mutant = changed(Servable.log_prob, lambda self, found: {"log_prob": found["log_prob"] + _rows_beyond_four(found)})
    patch.setattr(Servable, "log_prob", mutant)


def _rows_beyond_four(found):
    return 0.01 * tf.cast(tf.shape(found["log_prob"])[0] - 4, tf.float32)


def output_is_not_batched(patch):
    mutant = changed(Servable.encode, lambda self, found: {**found, "mean": tf.reduce_mean(found["z"])})
    patch.setattr(Servable, "encode", mutant)


def output_has_another_free_axis(patch):
    free = lambda self, found: {"z": tf.raw_ops.PlaceholderWithDefault(input=found["z"], shape=[None, None])}  # noqa: E731
    patch.setattr(Servable, "encode", changed(Servable.encode, free))


def export_needs_python(patch):
    method = Servable.decode
    patch.setattr(Servable, "decode", lambda self, **inputs: {"x": _in_python(method(self, **inputs)["x"])})


def _in_python(x):
    y = tf.numpy_function(lambda x: x, [x], x.dtype)
    y.set_shape(x.shape)
    return y


def export_draws_of_its_own(patch):
    mutant = changed(Servable.sample, lambda self, found: {"x": found["x"] + 0 * tf.random.uniform([])})
    patch.setattr(Servable, "sample", mutant)


def export_wants_xla(patch):
    method = Servable.encode

    def compiled(self, **given):
        return {"z": tf.function(lambda **given: method(self, **given)["z"], jit_compile=True)(**given)}

    patch.setattr(Servable, "encode", compiled)


def samples_are_shifted(patch):
    method = Flow.sample_fn
    patch.setattr(Flow, "sample_fn", lambda self, *args: method(self, *args) + 0.2)


def density_is_scaled(patch):
    method = Flow.log_prob_fn
    patch.setattr(Flow, "log_prob_fn", lambda self, *args: method(self, *args) + 0.02)


def values_are_not_checked(patch):
    patch.setattr("tfflows.values.check_entries", lambda *args, **kwargs: None)


def _log_det(x):
    return tf.linalg.slogdet(tf.eye(2) * (1 + tf.reduce_mean(x**2)))[1]


def step_has_no_xla_kernel(patch):
    method = bijectors.Affine.inverse_and_log_det
    patch.setattr(
        bijectors.Affine,
        "inverse_and_log_det",
        changed(method, lambda self, pair: (pair[0] + 0 * _log_det(pair[0]), pair[1])),
    )


def statistics_are_those_of_a_replica(patch):
    patch.setattr("tfflows.layers.batchnorm.global_moments", lambda x: tuple(tf.nn.moments(x, axes=[0])))


def far_input_overflows(patch):
    method = bijectors.Affine.inverse_and_log_det
    mutant = changed(method, lambda self, pair: (pair[0], pair[1] + 0 * tf.exp(tf.abs(pair[0]))))
    patch.setattr(bijectors.Affine, "inverse_and_log_det", mutant)


def initialisation_is_repeated(patch):
    method = ActNorm.initialize

    def initialize(self, x, context=None):
        self.log_scale.assign(np.full(self.log_scale.shape, np.nan))  # as if the weights were not set yet
        method(self, x, context)

    patch.setattr(ActNorm, "initialize", initialize)


# What a law says of a mutant that an earlier assertion of the law could catch as well.
SAID = {initialisation_is_repeated: "Arrays are not equal"}


def channels_have_a_least_deviation(patch):
    method = affine.moments

    def moments(x, axis):
        mean, std = method(x, axis)
        return mean, np.sqrt(std**2 + 1e-6)

    patch.setattr(affine, "moments", moments)


def only_one_latent_is_drawn(patch):
    patch.setattr("tfflows.models.latent.importance_weighted", lambda log_weight, seed, num, dtype: log_weight(seed))


def log_det_of_flows_is_dropped(patch):
    mutant = changed(Chain.inverse_and_log_det, lambda self, pair: (pair[0], 0.0 * pair[1]))
    patch.setattr(Chain, "inverse_and_log_det", mutant)


def latents_are_drawn_at_temperature_1(patch):
    method = VAE.draw
    patch.setattr(VAE, "draw", lambda self, seeds, t, context: method(self, seeds, tf.ones_like(t), context))


def flips_are_not_saved(patch):
    method = Configurable.get_config
    patch.setattr(Configurable, "get_config", lambda self: {k: v for k, v in method(self).items() if k != "flip"})


def copy_shares_its_weights(patch):
    patch.setattr(Flow, "__deepcopy__", lambda self, memo: self, raising=False)


def fit_does_not_initialize(patch):
    patch.setattr(Flow, "initialize", lambda self, *args, **kwargs: None)


def graph_sees_other_events(patch):
    method = values.real

    def real(name, x, *arguments, **first_row):
        return method(name, x, *arguments, **first_row) / (2 if tf.inside_function() else 1)

    patch.setattr(values, "real", real)


def distribution_has_another_density(patch):
    patch.setattr(FlowDistribution, "_log_prob", changed(FlowDistribution._log_prob, lambda self, nats: nats + 0.01))


MUTANTS = [
    *CONDITION_MUTANTS,
    *SCORE_MUTANTS,
    (flips_are_not_saved, keras_laws.keras_file_is_the_model, VECTOR),
    (flips_are_not_saved, keras_laws.copies_are_the_model, VECTOR),
    (copy_shares_its_weights, keras_laws.copies_are_the_model, VECTOR),
    (fit_does_not_initialize, keras_laws.plain_keras_trains, VECTOR),
    (graph_sees_other_events, keras_laws.works_in_a_users_graph, VECTOR),
    (distribution_has_another_density, keras_laws.distribution_is_one_of_tfp, VECTOR),
    (only_one_latent_is_drawn, bound_laws.more_importance_samples_tighten_the_bound, BOUND),
    (log_det_of_flows_is_dropped, bound_laws.posterior_and_prior_have_the_same_mass, BOUND),
    (log_det_of_flows_is_dropped, laws.density_integrates_to_one, BOUND),
    (latents_are_drawn_at_temperature_1, bound_laws.temperature_narrows_what_is_drawn, BOUND),
    (log_det_sign_flipped, laws.log_det_is_that_of_the_jacobian, VECTOR),
    (log_det_halved, laws.log_det_is_that_of_the_jacobian, VECTOR),
    (conditioner_sees_what_it_changes, laws.sampling_inverts_density, VECTOR),
    (conditioner_sees_what_it_changes, laws.log_det_is_that_of_the_jacobian, VECTOR),
    (masked_conditioner_sees_what_it_changes, laws.sampling_inverts_density, IMAGE),
    (inverse_wrong_by_a_constant, laws.sampling_inverts_density, VECTOR),
    (weight_left_out_of_the_gradient, laws.every_weight_gets_a_finite_gradient, VECTOR),
    (noise_depends_on_the_batch, laws.each_event_is_scored_alone, IMAGE),
    (nothing_is_remembered, laws.each_network_runs_once, VECTOR),
    (seed_is_ignored, laws.same_seed_same_sample, VECTOR),
    (temperature_is_ignored, laws.temperature_scales_the_latent, VECTOR),
    (weights_are_not_saved, laws.weights_round_trip, VECTOR),
    (score_has_another_seed, laws.saved_model_is_the_model, SERVED_IMAGE),
    (score_depends_on_the_number_of_rows, laws.saved_model_is_the_model, SERVED),
    (output_is_not_batched, laws.saved_model_is_the_model, SERVED),
    (output_has_another_free_axis, laws.saved_model_is_the_model, SERVED),
    (export_needs_python, laws.saved_model_is_the_model, SERVED),
    (export_draws_of_its_own, laws.saved_model_is_the_model, SERVED),
    (export_wants_xla, laws.saved_model_is_the_model, SERVED),
    (samples_are_shifted, laws.samples_agree_with_density, VECTOR),
    (log_det_halved, laws.density_integrates_to_one, VECTOR),
    (density_is_scaled, laws.density_integrates_to_one, VECTOR),
    (values_are_not_checked, laws.bad_input_is_named, IMAGE),
    *((step_has_no_xla_kernel, laws.train_step_compiles_under_xla, case) for case in (VECTOR, GLOW)),
    (statistics_are_those_of_a_replica, laws.two_replicas_train_as_one, Case("maf", EVENTS["vector"])),
    (far_input_overflows, laws.inputs_far_outside_have_finite_gradients, VECTOR),
    (channels_have_a_least_deviation, laws.unit_of_the_data_does_not_matter, VECTOR),
    (initialisation_is_repeated, laws.data_dependent_weights_are_set_once, VECTOR),
]


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "law", "case"), MUTANTS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_law_catches_mutant(mutant, law, case, monkeypatch):
    fails = pytest.raises((AssertionError, pytest.fail.Exception, tf.errors.OpError), match=SAID.get(mutant))
    with laws.nothing_kept(), fails:
        mutant(monkeypatch)
        law(case)


def test_every_law_has_a_mutant():
    stand_ins = {law for each in (OF_BOUNDS, OF_ESTIMATES, OF_PROBABILITIES) for law in each.values()}
    assert {law for _, law, _ in MUTANTS} == {*laws.LAWS, *laws.CONDITION_LAWS, *stand_ins}
