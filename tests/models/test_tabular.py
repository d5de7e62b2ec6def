"""The density of the rows of a table: it sums to one, in the table's units, over cells and over what is missing."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from tests.cases import float64
from tests.models.tables import (
    ANGLE,
    BOUNDED,
    COLOR,
    COUNT,
    GAP,
    NEGATIVE,
    POSITIVE,
    REAL,
    SPIKE,
    THIRDS,
    rows,
    table,
    twin,
)
from tfflows import noise
from tfflows.columns import Column


def axis(column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Values of a column, and the weight of each in a sum or an integral over all of them."""
    low, high = column.support
    if column.kind == "categorical":
        return np.array(column.values), np.ones(len(column.values))
    if column.kind == "circular":
        return low + (high - low) * np.arange(360) / 360, np.full(360, (high - low) / 360)
    if column.step:
        inside = np.arange(math.ceil(low / column.step + 0.4), high / column.step - 0.4)
        return inside * column.step, np.full(len(inside), column.step)
    t = np.linspace(-3.5, 3.5, 301)
    y, width = column.shift + column.scale * np.sinh(t), column.scale * np.cosh(t) * (t[1] - t[0])
    if math.isfinite(low) and math.isfinite(high):
        part = 1 / (1 + np.exp(-y))
        return low + (high - low) * part, width * (high - low) * part * (1 - part)
    if math.isfinite(low) or math.isfinite(high):
        distance = np.exp(y if math.isfinite(low) else -y)
        return low + distance if math.isfinite(low) else high - distance, width * distance
    return y, width


def assert_mass_is_one(*columns, samples=1, **settings):
    model = table(*columns, **settings)
    axes, weights = zip(*(axis(column) for column in columns), strict=True)
    grid = np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)
    weight = np.prod([part.ravel() for part in np.meshgrid(*weights, indexing="ij")], axis=0)
    given = {name: value[1] for name, value in rows(model.event, 2)[1].items()}
    inside = weight > 0  # not where an end of the support is rounded to
    log_prob = model.log_prob(grid[inside], **given, num_importance_samples=samples).numpy()
    mass = np.exp(log_prob.astype(np.float64)) @ weight[inside]
    assert abs(mass - 1) < 1e-2, mass


def mass_of_bounded_and_category():
    assert_mass_is_one(BOUNDED, COLOR)


def mass_of_circle_and_real():
    assert_mass_is_one(ANGLE, REAL)


def mass_of_rounded_values():
    assert_mass_is_one(THIRDS, COLOR, samples=200)


@pytest.mark.parametrize("columns", [(POSITIVE, COLOR), (NEGATIVE, ANGLE)], ids=["half-open", "circle"])
def test_mass_is_one_given_label_and_context(columns):
    assert_mass_is_one(*columns, conditional=True)


def rounded_value_has_the_mean_density_of_its_cell():
    model = table(COUNT, REAL)
    smooth = twin(model, dataclasses.replace(COUNT, step=0.0), REAL)
    x = np.array([[0.0, 2.5], [2.0, 2.5], [5.0, -1.0]])
    places = (np.arange(400) + 0.5) / 400 - 0.5
    cells = x[:, None] + np.stack([places, np.zeros(400)], axis=1)
    cells = smooth.log_prob(cells.reshape(-1, 2)).numpy().astype(np.float64).reshape(3, 400)
    expected = logsumexp(cells, axis=1) - math.log(400)
    error = 4 * np.exp(cells - expected[:, None]).std(axis=1) / math.sqrt(1000)
    found = model.log_prob(x, num_importance_samples=1000).numpy()
    assert np.all(np.abs(np.exp(found - expected) - 1) < error), (found, expected)
    single = np.array([model.log_prob(x, seed=seed).numpy() for seed in range(20)])
    assert np.all(single.std(axis=0) > 1e-3)
    assert np.all(single.mean(axis=0) < expected + 4 * single.std(axis=0) / math.sqrt(20))


def mass_of_atom_and_density():
    model = table(SPIKE)
    values, weight = axis(SPIKE)
    density = np.exp(model.log_prob(values[:, None]).numpy().astype(np.float64)) @ weight
    at_atom = np.exp(model.log_prob([[0.0]], num_importance_samples=4000).numpy()[0])
    assert 0.05 < at_atom < 0.95
    assert abs(density + at_atom - 1) < 0.02, (density, at_atom)


def missing_value_is_integrated_over():
    model = table(GAP, REAL, COLOR)
    # By hand: the flow's density, told that the first value is missing, over all values in its place.
    t = np.linspace(-3.5, 3.5, 2001)
    z = np.stack([np.sinh(t), np.full_like(t, (2.0 - REAL.shift) / REAL.scale)], axis=1).astype(np.float32)
    known = np.tile(np.float32([1, 0, 1, 0]), [len(t), 1])  # missing, and the second color
    log_density = model.flow.log_density(tf.constant(z), tf.constant(known)).numpy().astype(np.float64)
    of_color = model.joint.log_prob(tf.constant([[0.0, 0.0, 5.0]], tf.float64), tf.ones([1, 1])).numpy()[0]
    expected = logsumexp(log_density, b=np.cosh(t) * (t[1] - t[0])) - math.log(REAL.scale) + of_color
    found = model.log_prob([[np.nan, 2.0, 5.0]], num_importance_samples=1000).numpy()[0]
    assert abs(found - expected) < 0.05, (found, expected)
    # A bound with one draw, and what it is a bound of does not depend on the mask of another row.
    single = np.array([model.log_prob([[np.nan, 2.0, 5.0]], seed=seed).numpy()[0] for seed in range(30)])
    assert single.mean() < expected + 4 * single.std() / math.sqrt(30)


def test_row_without_any_value_has_probability_one():
    model = table(GAP, dataclasses.replace(REAL, missing=True))
    np.testing.assert_allclose(model.log_prob([[np.nan, np.nan]], num_importance_samples=1000), [0], atol=0.05)


UNITS = (COLOR, REAL, POSITIVE, ANGLE, NEGATIVE, BOUNDED, THIRDS, GAP)


def thousandfold(column: Column) -> Column:
    """The column in another unit, of which a value has a thousand times as many."""
    if column.kind == "categorical":
        return column
    low, high = (None if end is None else 1000 * end for end in (column.low, column.high))
    changes = {"low": low, "high": high, "step": 1000 * column.step}
    if column.kind == "real" and low is None and high is None:
        changes |= {"shift": 1000 * column.shift, "scale": 1000 * column.scale}
    elif column.kind == "real" and (low is None or high is None):
        changes |= {"shift": column.shift + math.log(1000) * (1 if high is None else -1)}
    return dataclasses.replace(column, **changes)


def log_likelihood_is_in_the_units_of_the_table():
    with float64(), pytest.MonkeyPatch.context() as patch:
        # A row's noise is a hash of its content: that of scaled rows would be other noise.
        patch.setattr(noise, "row_seeds", lambda x, seed: noise.split(seed, tf.shape(x)[0]))
        model = table(*UNITS, steps=1)
        other = twin(model, *map(thousandfold, UNITS))
        x = rows(model.event, 16)[0]
        scale = np.array([1.0 if column is COLOR else 1000.0 for column in UNITS])
        fall = (np.isfinite(x) @ np.log(scale)).astype(np.float64)
        assert len(np.unique(fall)) == 2  # some rows have a missing value
        np.testing.assert_allclose(other.log_prob(x * scale), model.log_prob(x) - fall, atol=1e-5)
        np.testing.assert_allclose(other.encode(x * scale), model.encode(x), atol=1e-6)


def what_cannot_be_has_no_density():
    model = table(COLOR, BOUNDED, POSITIVE, NEGATIVE)
    sound = np.array([5.0, 0.5, 1.0, -1.0])
    wrong = [(0, 4.0), (0, 5.5), (0, -1.0), (1, -1.0), (1, 3.0), (1, 4.0), (2, 0.0), (2, -2.0), (3, 0.0), (3, 2.0)]
    x = np.tile(sound, [len(wrong) + 1, 1])
    for row, (place, value) in enumerate(wrong):
        x[row, place] = value
    with tf.GradientTape() as tape:
        log_prob = model.log_prob(x)
        last = log_prob[-1]
    np.testing.assert_array_equal(log_prob[:-1], np.full(len(wrong), -np.inf))
    assert np.isfinite(last)
    np.testing.assert_allclose(last, model.log_prob(sound[None])[0], rtol=1e-5)
    # Rows without density leave the gradients of the others finite.
    assert all(np.isfinite(part).all() for part in tape.gradient(last, model.trainable_variables))


def small_differences_at_a_large_offset_are_seen():
    far = dataclasses.replace(REAL, shift=1e8 + REAL.shift)
    far_below, below = (dataclasses.replace(POSITIVE, low=low) for low in (1e8, 0.0))
    model = table(REAL, below, COLOR)
    other = twin(model, far, far_below, COLOR)
    x = rows(model.event, 16)[0]
    offset = np.array([1e8, 1e8, 0.0])
    np.testing.assert_allclose(other.log_prob(x + offset), model.log_prob(x), atol=1e-4)
    np.testing.assert_allclose(other.encode(x + offset), model.encode(x), atol=1e-4)
    np.testing.assert_allclose(other.decode(other.encode(x + offset)) - offset, x, atol=1e-3)
    np.testing.assert_allclose(other.sample(8, seed=1) - offset, model.sample(8, seed=1), atol=1e-4)


LAWS = [
    mass_of_bounded_and_category,
    mass_of_circle_and_real,
    mass_of_rounded_values,
    rounded_value_has_the_mean_density_of_its_cell,
    mass_of_atom_and_density,
    missing_value_is_integrated_over,
    log_likelihood_is_in_the_units_of_the_table,
    what_cannot_be_has_no_density,
    pytest.param(small_differences_at_a_large_offset_are_seen, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("law", LAWS)
def test_law(law):
    law()
