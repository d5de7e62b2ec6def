"""The rows of a table that a model draws, encodes and serves."""

import dataclasses
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.export.session import Session
from tests.models.tables import ALL, ANGLE, COLOR, EVEN, GAP, REAL, SEEN, SIDE, SPIKE, TENTHS, rows, table, twin
from tests.serving_laws import assert_saved_model_is
from tfflows import noise, signatures
from tfflows.columns import Column
from tfflows.events import Event
from tfflows.models import Tabular, inputs, tabular
from tfflows.models.heads import CategoricalHead, features
from tfflows.servable import Servable

SMALL = (COLOR, REAL, ANGLE, TENTHS, GAP)


def decode_inverts_encode():
    model = table(*ALL, conditional=True, steps=1)
    x, given = rows(model.event, 32)
    complete = np.isfinite(x).all(axis=1)
    x, given = x[complete], {name: value[complete] for name, value in given.items()}
    back = model.decode(model.encode(x, **given), **given).numpy()
    for place, column in enumerate(ALL):
        if column.kind == "categorical" or column.step:
            np.testing.assert_array_equal(back[:, place], x[:, place], err_msg=column.name)
        else:
            np.testing.assert_allclose(back[:, place], x[:, place], rtol=1e-3, atol=1e-3, err_msg=column.name)
    # A drawn latent of a category or of a cell leads back to it, too.
    drawn = model.decode(model.encode(x, **given, seed=3), **given).numpy()
    exact = [place for place, column in enumerate(ALL) if column.kind == "categorical" or column.step]
    np.testing.assert_array_equal(drawn[:, exact], x[:, exact])


def samples_are_values_of_their_columns():
    model = table(*ALL, steps=1)
    z = 3 * np.random.default_rng(0).normal(size=(500, *model.latent_shape))
    for x in (model.sample(500, seed=1, temperature=3.0).numpy(), model.decode(z).numpy()):
        assert np.isfinite(x).all()
        for place, column in enumerate(ALL):
            assert_are_values(x[:, place], column)


def assert_are_values(x: np.ndarray, column: Column) -> None:
    low, high = column.support
    assert np.all(x >= low if column.kind == "circular" else x > low), column.name
    assert np.all(x < high), column.name
    assert len(np.unique(x)) > 1, column.name
    if column.kind == "categorical":
        assert set(x) == set(column.values)
    if column.step:
        # The number that a file holds: 0.3, not 0.30000000000000004.
        written = [float(f"{round(each / column.step) * column.step:.6f}") for each in x]
        np.testing.assert_array_equal(x, written, err_msg=column.name)
        assert not np.signbit(x[x == 0]).any(), column.name


@pytest.mark.parametrize("step", [0.1, 0.15, 0.3, 0.01, 1.0, 5.0, 2.5, 1e-4])
def test_steps_are_exact_to_the_ends(step):
    model = table(Column("x", low=-3.5 * step, high=4.5 * step, step=step, scale=2.0), steps=1)
    drawn = np.unique(model.sample(500, seed=0, temperature=2.0))
    np.testing.assert_array_equal(drawn, [float(f"{number * step:.6f}") for number in range(-3, 5)])


def each_row_is_scored_alone():
    model = table(*SMALL, conditional=True)
    x, given = rows(model.event, 8)
    for samples in (1, 5):
        together = model.log_prob(x, **given, num_importance_samples=samples).numpy()
        order = np.random.default_rng(0).permutation(8)
        shuffled = {name: value[order] for name, value in given.items()}
        found = model.log_prob(x[order], **shuffled, num_importance_samples=samples)
        np.testing.assert_allclose(found, together[order], rtol=1e-5)


def same_seed_same_rows():
    model = table(*SMALL, conditional=True)
    given = {name: value[0] for name, value in rows(model.event, 1)[1].items()}
    first, again = (model.sample(6, **given, seed=1).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = model.sample(6, **given, seed=2).numpy()
    assert np.all(np.any(first != other, axis=0))
    assert all(len(np.unique(column)) > 1 for column in first.T)
    condition = model.condition(given["label"][None], given["context"][None])
    alone = model.sample_fn(noise.split(noise.seed_pair(1), 6)[4:5], tf.ones([1]), condition)
    np.testing.assert_allclose(alone, first[4:5], rtol=1e-5)


def each_condition_matters():
    model = table(*SMALL, conditional=True)
    x, given = rows(model.event, 8)
    base = model.log_prob(x, **given).numpy()
    assert np.all(model.log_prob(x, 1 - given["label"], given["context"]) != base)
    for place in range(model.event.context):
        for value in (1.0, np.nan) if model.event.context_columns[place].missing else (1.0,):
            context = given["context"].copy()
            context[:, place] = np.where(context[:, place] == value, value - 1, value)
            differs = ~np.isclose(given["context"][:, place], context[:, place], equal_nan=True)
            assert differs.any()
            assert np.all((model.log_prob(x, given["label"], context) != base) == differs), place


def keras_file_is_the_model():
    model = table(*SMALL, conditional=True)
    x, given = rows(model.event, 8)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    assert type(loaded) is Tabular
    assert loaded.event == model.event
    np.testing.assert_array_equal(loaded.log_prob(x, **given), model.log_prob(x, **given))


def saved_model_is_the_model():
    model = table(*SMALL, conditional=True, steps=1)
    x, given = rows(model.event, 32)
    complete = np.isfinite(x).all(axis=1) & np.isfinite(given["context"]).all(axis=1)
    assert_saved_model_is(model, x[complete][:4], {name: value[complete][:4] for name, value in given.items()})


def served_tables_hold_offsets_and_missing_values():
    far = dataclasses.replace(REAL, shift=1e8 + REAL.shift)
    model = table(far, GAP, COLOR)
    x = rows(model.event, 8)[0]
    with tempfile.TemporaryDirectory() as folder:
        Servable(model).save(Path(folder))
        session = Session(Path(folder))
    assert np.isnan(x).any()
    np.testing.assert_allclose(session.run("log_prob", x=x)["log_prob"], model.log_prob(x), rtol=1e-4)
    near = twin(model, REAL, GAP, COLOR)
    complete = x[~np.isnan(x[:, 1])]
    served = session.run("encode", x=complete)["z"]
    np.testing.assert_allclose(served, near.encode(complete - [1e8, 0, 0]), atol=1e-4)
    assert session.run("decode", z=served)["x"].dtype == np.float64
    np.testing.assert_allclose(session.run("decode", z=served)["x"] - [1e8, 0, 0], complete - [1e8, 0, 0], atol=1e-3)
    for place in (0, 2):
        wrong = complete.copy()
        wrong[1, place] = np.nan
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected each entry of `x`"):
            session.run("log_prob", x=wrong)


def plain_keras_trains():
    keras.utils.set_random_seed(0)
    made = table(*SMALL, conditional=True)
    model = zoo.create("nsf", made.event, kind="autoregressive", steps=1, width=8, bins=3)
    x, given = rows(model.event, 64)
    model.compile(keras.optimizers.Adam(1e-2))
    settings = {"context": given["context"], "batch_size": 32, "verbose": 0}
    losses = model.fit(x, given["label"], epochs=8, **settings).history["loss"]
    assert losses[-1] < losses[0] - 0.1
    expected = model.log_prob(x, **given).numpy()
    np.testing.assert_allclose(model.predict({"x": x, **given}, verbose=0), expected, rtol=1e-4, atol=1e-4)
    loss = model.evaluate({"x": x, **given}, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, -expected.mean(), rtol=1e-4)


def keras_keeps_float64():
    """Keras itself would round the rows to float32, in arrays and in calls."""
    far = dataclasses.replace(REAL, shift=1e8 + REAL.shift)
    seen = dataclasses.replace(SEEN, shift=1e8 + SEEN.shift)
    event = Event((2,), columns=(far, COLOR), context=1, context_columns=(seen,))
    x, given = rows(event, 64)
    model = zoo.create("nsf", event, kind="autoregressive", steps=1, width=8, bins=3)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(x, **given, epochs=2, validation_data={"x": x, **given}, verbose=0)
    expected = model.log_prob(x, **given).numpy()
    assert np.all(np.abs(expected) < 20)
    data = tf.data.Dataset.from_tensor_slices({"x": x, **given}).batch(32)
    for found in (model.predict(x, **given, verbose=0), model.predict(data, verbose=0), model({"x": x, **given})):
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    for found in (model.evaluate(x, **given, verbose=0), model.evaluate(data, verbose=0)):
        np.testing.assert_allclose(np.ravel(found)[0], -expected.mean(), rtol=1e-4)
    loss = model.fit(data, epochs=1, validation_data=(x, None, None, None, given["context"]), verbose=0).history
    np.testing.assert_allclose(loss["val_loss"], -model.log_prob(x, **given).numpy().mean(), rtol=1e-4)
    loss = model.fit(x, **given, validation_split=0.25, verbose=0).history
    last = {name: value[48:] for name, value in given.items()}
    np.testing.assert_allclose(loss["val_loss"], -model.log_prob(x[48:], **last).numpy().mean(), rtol=1e-4)


LAWS = [
    decode_inverts_encode,
    samples_are_values_of_their_columns,
    each_row_is_scored_alone,
    same_seed_same_rows,
    each_condition_matters,
    keras_file_is_the_model,
    saved_model_is_the_model,
    served_tables_hold_offsets_and_missing_values,
    plain_keras_trains,
    keras_keeps_float64,
]


# Those that write files, or compile graphs with gradients, take more than five seconds.
HEAVY = {
    keras_file_is_the_model,
    saved_model_is_the_model,
    served_tables_hold_offsets_and_missing_values,
    plain_keras_trains,
    keras_keeps_float64,
}


@pytest.mark.parametrize("law", [pytest.param(law, marks=[pytest.mark.slow] if law in HEAVY else []) for law in LAWS])
def test_law(law):
    law()


def context_is_never_missing(patch):
    def filled(column, x, dtype):
        return features(column, x if column.kind == "categorical" else tf.where(tf.math.is_nan(x), 1.0, x), dtype)

    patch.setattr(tabular, "features", filled)


def divisor_is_a_constant(patch):
    patch.setattr(tf.raw_ops, "PlaceholderWithDefault", lambda input, shape: input)


def noise_depends_on_the_batch(patch):
    alone = noise.row_seeds
    patch.setattr(noise, "row_seeds", lambda x, seed: alone(x, seed) + tf.range(tf.shape(x)[0])[:, None])


def category_of_another_place(patch):
    method = CategoricalHead.encode
    patch.setattr(CategoricalHead, "encode", lambda self, *given: 1 - method(self, *given))


MUTANTS = [
    (context_is_never_missing, each_condition_matters),
    (divisor_is_a_constant, samples_are_values_of_their_columns),
    (noise_depends_on_the_batch, each_row_is_scored_alone),
    (category_of_another_place, decode_inverts_encode),
    (lambda patch: patch.setattr(noise, "split", lambda seed, n: tf.zeros([n, 2], tf.int32)), same_seed_same_rows),
    (lambda patch: patch.setattr(inputs, "packed", lambda x: x), keras_keeps_float64),
    (
        lambda patch: patch.setattr(signatures, "_sound", lambda x, _: ~tf.math.is_inf(x)),
        served_tables_hold_offsets_and_missing_values,
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "law"), MUTANTS, ids=[law.__name__ for _, law in MUTANTS])
def test_law_catches_mutant(mutant, law, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law()


def test_atoms_and_evenly_spaced_values_come_back():
    model = table(SPIKE, EVEN)
    x = np.array([[0.0, 0.1], [2.5, 0.85], [0.0, -1.15]])
    np.testing.assert_allclose(model.decode(model.encode(x)), x, rtol=1e-4)
    drawn = model.sample(400, seed=0).numpy()
    at_atom = drawn[:, 0] == 0
    assert 0.05 < at_atom.mean() < 0.95
    assert (drawn[~at_atom, 0] > 0).all()
    cells = (drawn[:, 1] - 0.1) / 0.25
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-9)


def test_category_and_observation_of_a_vae_have_noise_of_their_own():
    model = zoo.create("vae", Event((2,), columns=(SIDE, REAL)), width=8, depth=1)
    x, _ = rows(model.event, 64)
    model.initialize(x)
    side, real = model.sample(2000, seed=0).numpy().T  # independent, as all outputs of networks start at zero
    assert abs(np.corrcoef(side, real)[0, 1]) < 0.1
