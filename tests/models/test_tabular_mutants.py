"""Each law of tables fails on a mutant."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.models.test_tabular import (
    log_likelihood_is_in_the_units_of_the_table,
    mass_of_atom_and_density,
    mass_of_bounded_and_category,
    mass_of_circle_and_real,
    mass_of_rounded_values,
    missing_value_is_integrated_over,
    rounded_value_has_the_mean_density_of_its_cell,
    small_differences_at_a_large_offset_are_seen,
    what_cannot_be_has_no_density,
)
from tfflows.bijectors import Support
from tfflows.bijectors.circular import Circular
from tfflows.models.heads import AtomHead, CategoricalHead, CircularHead
from tfflows.models.real_columns import RealColumns


def changed(owner, name, change):
    """A mutant that changes the result of a method."""
    method = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda self, *given: change(self, method(self, *given), *given))


def no_log_scale(self, pair, _):
    return pair[0], pair[1] + np.log(self.scale)


def sign_flipped(self, pair, _):
    return pair[0], -pair[1]


def noise_not_divided_out(self, found, x, seeds):
    z, log_det, inside = found
    fill = 0.0 if seeds is None else self._fill(seeds, x)
    extra = 0.5 * (fill**2 + math.log(2 * math.pi))
    return z, log_det - tf.reduce_sum(tf.where(tf.math.is_nan(x), extra, 0.0), axis=-1), inside


def everything_is_inside(self, found, *_):
    return *found[:2], tf.ones_like(found[2])


def one_more(self, fill, *_):
    return fill + 1.0


def in_float32(self, x, *_):
    return tf.cast(tf.cast(x, tf.float32), tf.float64)


MUTANTS = {
    "sign of a support": (changed(Support, "inverse_and_log_det", sign_flipped), mass_of_bounded_and_category),
    "scale left out": (changed(Support, "inverse_and_log_det", no_log_scale), mass_of_circle_and_real),
    "scale left out of units": (
        changed(Support, "inverse_and_log_det", no_log_scale),
        log_likelihood_is_in_the_units_of_the_table,
    ),
    "length of the circle left out": (
        changed(CircularHead, "log_prob", lambda self, nats, *_: nats + math.log(360)),
        mass_of_circle_and_real,
    ),
    "length left out of units": (
        changed(CircularHead, "log_prob", lambda self, nats, *_: nats + math.log(self.column.high)),
        log_likelihood_is_in_the_units_of_the_table,
    ),
    "sign of the circle": (changed(Circular, "inverse_and_log_det", sign_flipped), mass_of_circle_and_real),
    "category not normalized": (
        changed(CategoricalHead, "log_prob", lambda self, nats, *_: nats / 2),
        mass_of_bounded_and_category,
    ),
    "category counted twice": (
        changed(CategoricalHead, "log_prob", lambda self, nats, *_: nats + 0.05),
        mass_of_rounded_values,
    ),
    "noise of half a cell": (
        changed(RealColumns, "_in_cells", lambda self, x, before, _: (x + before) / 2),
        rounded_value_has_the_mean_density_of_its_cell,
    ),
    "noise to one side": (
        changed(RealColumns, "_in_cells", lambda self, x, *_: x + self.step / 2),
        rounded_value_has_the_mean_density_of_its_cell,
    ),
    "mask dropped": (
        changed(RealColumns, "is_missing", lambda self, flags, *_: flags if flags is None else tf.zeros_like(flags)),
        missing_value_is_integrated_over,
    ),
    "atom is certain": (
        changed(AtomHead, "log_prob", lambda self, nats, x, _: tf.where(x == self.column.atom, 0.0, nats)),
        mass_of_atom_and_density,
    ),
    "noise of an atom not divided out": (changed(RealColumns, "_fill", one_more), mass_of_atom_and_density),
    "noise not divided out": (
        changed(RealColumns, "standardized", noise_not_divided_out),
        missing_value_is_integrated_over,
    ),
    "outside is not noticed": (
        changed(RealColumns, "standardized", everything_is_inside),
        what_cannot_be_has_no_density,
    ),
    "unknown category is likely": (
        changed(CategoricalHead, "log_prob", lambda self, nats, *_: tf.maximum(nats, -50.0)),
        what_cannot_be_has_no_density,
    ),
    "float32 on the way": (
        changed(RealColumns, "_in_cells", in_float32),
        small_differences_at_a_large_offset_are_seen,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS)
def test_law_catches_mutant(mutant, monkeypatch):
    change, law = MUTANTS[mutant]
    change(monkeypatch)
    with pytest.raises(AssertionError):
        law()
