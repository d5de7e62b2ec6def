"""A model is a Keras model: `fit` and `evaluate` take what Keras users have, and Keras' own callbacks."""

import subprocess
import sys

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf

import tfflows
import zoo
from tests.training.small_run import model
from tfflows import datasets
from tfflows.errors import InputError
from tfflows.events import Event


def digits(split):
    return np.stack([element["x"] for element in split.examples.as_numpy_iterator()])


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_fit_takes_arrays_validation_data_and_keras_callbacks(tmp_path, steps_per_execution):
    data, one = datasets.load("digits"), model("realnvp")  # which has penalties
    x, validation = digits(data.train)[:192], digits(data.validation)[:96]
    one.compile(keras.optimizers.Adam(1e-3), steps_per_execution=steps_per_execution)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = one.fit(
        x, batch_size=32, epochs=2, validation_data=(validation,), callbacks=[log], verbose=0, shuffle=False
    ).history
    assert one.optimizer.iterations.numpy() == 12
    assert set(history) == {"loss", "bits_per_dim", "val_loss", "val_bits_per_dim"}
    assert history["loss"][1] < history["loss"][0]
    scores = one.evaluate(validation, batch_size=32, verbose=0, return_dict=True)
    expected = -one.log_prob(validation).numpy().mean()
    assert scores["loss"] - sum(map(float, one.losses)) == pytest.approx(expected, rel=1e-4)
    assert scores["bits_per_dim"] == pytest.approx(expected / np.log(2) / 64, rel=1e-4)
    assert history["val_loss"][1] == pytest.approx(scores["loss"], rel=1e-4)
    assert (tmp_path / "log.csv").exists()


def small(**event):
    """A flow of vectors, compiled."""
    one = zoo.create("realnvp", Event((2,), **event), couplings=2, width=8, depth=1)
    one.compile("adam")
    return one


X = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
LABEL = np.arange(64) % 3


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(16)


@pytest.mark.parametrize(
    ("classes", "arguments"),
    [
        (0, (X.astype(np.float64),)),
        (0, (X.tolist(),)),
        (0, (tf.constant(X),)),
        (0, (dataset(X),)),
        (0, (dataset({"x": X}),)),
        (3, (X, LABEL)),
        (3, ({"x": X, "label": LABEL},)),
        (3, (dataset(X, LABEL),)),
        (3, (dataset({"x": X, "label": LABEL}),)),
    ],
    ids=["float64", "list", "tensor", "dataset", "dicts", "labels", "dict", "pairs", "dicts with labels"],
)
def test_fit_takes_events_in_every_form(classes, arguments):
    one = small(classes=classes)
    history = one.fit(*arguments, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    expected = -one.log_prob(X, LABEL if classes else None).numpy().mean()
    assert one.evaluate(*arguments, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_fit_takes_a_data_frame():
    assert np.isfinite(small().fit(pandas.DataFrame(X), verbose=0).history["loss"]).all()


@pytest.mark.slow
def test_weights_of_rows_count_in_fit_and_evaluate():
    weight = np.repeat([1.0, 0.0], 32)
    trained = [small() for _ in range(2)]
    for one in trained:
        one.set_weights([np.full(w.shape, 0.1) for w in one.weights])
        one.compile(keras.optimizers.SGD(0.1))
    whole, half = trained
    whole.fit(X, sample_weight=weight, batch_size=64, verbose=0)
    half.fit(np.concatenate([X[:32], X[:32]]), batch_size=64, sample_weight=np.full(64, 0.5), verbose=0)
    for mine, theirs in zip(whole.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    loss = whole.evaluate(X, sample_weight=weight, verbose=0, batch_size=64)
    assert loss == pytest.approx(-(weight * whole.log_prob(X).numpy()).mean(), rel=1e-4)


@pytest.mark.slow
def test_validation_split_and_xla():
    one = small()
    one.compile("adam", jit_compile=True)
    history = one.fit(X, validation_split=0.25, epochs=2, batch_size=16, verbose=0).history
    assert set(history) == {"loss", "nll", "val_loss"}
    assert one.optimizer.iterations.numpy() == 6
    assert history["val_loss"][1] == pytest.approx(-one.log_prob(X[48:]).numpy().mean(), rel=1e-4)


@pytest.mark.parametrize("varying", [2, 0])
def test_constant_columns_are_as_large_as_others(varying):
    x = np.tile(np.float32([1.0, 1.0, 3.0, -1e20, 0.0]), [64, 1])
    x[:, :varying] = X[:, :varying]
    one = zoo.create("realnvp", Event((5,)), couplings=4, width=8, depth=1)
    one.initialize(x)
    assert np.abs(one.encode(x)).max() < 6
    one.compile(keras.optimizers.Adam(1e-3))
    assert one.fit(x, epochs=2, batch_size=32, verbose=0).history["loss"][-1] < 100


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match=r"`label` for each row.*Received: shape=\(3,\), rows=64"):
        small(classes=3).fit(X, [0, 1, 2], verbose=0)
    names = {"x": X, "ctx": X}
    with pytest.raises(InputError, match=r"a dictionary with 'x' and.*Received: keys=\['ctx', 'x'\]") as raised:
        small().fit(dataset(names))
    assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match=r"`x` to be an array, a dataset or a generator.*Received: x='tuple'"):
        small().fit((X, X))
    with pytest.raises(InputError, match=r"not class-conditional\. Received: label=<ndarray of shape \[64\]>"):
        small().fit(X, LABEL, verbose=0)
    with pytest.raises(InputError, match=r"no targets: this model is not class-conditional"):
        small().fit(dataset(X, LABEL), verbose=0)
    with pytest.raises(InputError, match=r"initialized, or arrays or a dataset.*Received: x='generator'"):
        small().fit((batch for batch in [X]), verbose=0)
    with pytest.raises(InputError, match=r"initialized: call model\.initialize\(batch\)"):
        small().evaluate(X, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "mse"}, r"`loss` to be None or a function .* no targets\. Received: loss='mse'"),
        ({"loss": keras.losses.Huber()}, r"`loss` to be None"),
        ({"loss": keras.losses.mean_absolute_error}, r"`loss` to be None"),
        ({"metrics": ["mae"]}, r"Expected no `metrics`.*Received: metrics=\['mae'\]"),
        ({"weighted_metrics": ["mae"]}, r"Expected no `metrics`"),
    ],
)
def test_what_needs_targets_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        small().compile("adam", **arguments)


def test_a_loss_of_ones_own_takes_log_likelihoods():
    one, same = small(), small()
    one.compile("adam", loss=lambda unused, log_prob: -3.0 * log_prob)
    for model_ in (one, same):
        model_.fit(X, epochs=0, verbose=0)
        model_.set_weights([np.full(w.shape, 0.1) for w in model_.weights])
    assert one.evaluate(X, verbose=0) == pytest.approx(3 * same.evaluate(X, verbose=0), rel=1e-5)


def test_quantization_is_refused():
    with pytest.raises(InputError, match=r"Expected no quantization; .*Received: mode='int8'"):
        small().quantize("int8")


def test_base_is_any_distribution_of_tfp(tmp_path):
    tfd = tfflows.models.flow.tfd
    base = tfd.Independent(tfd.StudentT(3.0, tf.zeros(2), tf.ones(2)), 1)
    one = tfflows.Flow(Event((2,)), [tfflows.layers.Scale()], base=base)
    np.testing.assert_allclose(one.log_prob(X), base.log_prob(X), rtol=1e-5)
    assert one.sample(5, seed=1).shape == (5, 2)
    one.save(tmp_path / "one.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "one.keras").log_prob(X), one.log_prob(X))
    with pytest.raises(InputError, match=r"single distribution of vectors of size 2"):
        tfflows.Flow(Event((2,)), [], base=tfd.Normal(0.0, 1.0))


@pytest.mark.slow
def test_custom_loop_lowers_the_loss_and_frozen_layers_stay():
    one = zoo.load("realnvp_toy_eight_gaussians")
    frozen, free = one.flow_layers[:4], one.flow_layers[4:]
    for layer in frozen:
        layer.trainable = False
    before = [[weight.numpy() for layer in part for weight in layer.weights] for part in (frozen, free)]
    one.compile(keras.optimizers.Adam(1e-3))
    one.fit(X, epochs=1, verbose=0)
    after = [[weight.numpy() for layer in part for weight in layer.weights] for part in (frozen, free)]
    assert all(np.array_equal(*pair) for pair in zip(before[0], after[0], strict=True))
    assert not all(np.array_equal(*pair) for pair in zip(before[1], after[1], strict=True))
    losses = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            losses.append(-tf.reduce_mean(one(X, training=True)))
        one.optimizer.apply_gradients(
            zip(tape.gradient(losses[-1], one.trainable_variables), one.trainable_variables, strict=True)
        )
    assert losses[-1] < losses[0]


def test_custom_loop_draws_the_noise_of_pixels_anew_also_after_compiling():
    one = zoo.create("nice", Event((2, 2, 1), "uint8", 4), couplings=2, width=4, depth=1)
    x = np.arange(32, dtype=np.uint8).reshape(8, 2, 2, 1) % 4
    one.initialize(x)
    one.compile("adam")
    assert len({float(tf.reduce_mean(one(x, training=True))) for _ in range(3)}) == 3


@pytest.mark.slow
def test_file_loads_in_a_process_that_imports_tfflows_alone(tmp_path):
    one = small()
    one.fit(X, verbose=0)
    one.save(tmp_path / "one.keras")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import tfflows, keras, numpy as np\n"
        f"model = keras.models.load_model({str(tmp_path / 'one.keras')!r})\n"
        f"np.save({str(tmp_path / 'log_prob.npy')!r}, model.log_prob(np.load({str(tmp_path / 'x.npy')!r})))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    np.testing.assert_array_equal(np.load(tmp_path / "log_prob.npy"), one.log_prob(X))


@pytest.mark.slow
def test_progress_shows_the_score_of_now():
    one = model()
    for value in [10.0] * 500 + [4.0] * 200:
        one._progress.update_state(np.full(3, value, np.float32))
    assert float(one._progress.result()) == pytest.approx(4.0, abs=0.2)
    one._progress.reset_state()
    one._progress.update_state(np.full(3, 2.0, np.float32))
    assert float(one._progress.result()) == pytest.approx(2.0)
