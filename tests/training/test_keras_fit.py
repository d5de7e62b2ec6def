"""A model is a Keras model: `fit` and `evaluate` take arrays, validation data and Keras' own callbacks."""

import keras
import numpy as np
import pytest

from tests.training.small_run import model
from tfflows import datasets
from tfflows.errors import InputError
from tfflows.models import MeanNegativeLogLikelihood


def digits(split):
    return np.stack([element["x"] for element in split.examples.as_numpy_iterator()])


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_fit_takes_arrays_validation_data_and_keras_callbacks(tmp_path, steps_per_execution):
    data, one = datasets.load("digits"), model()
    x, validation = digits(data.train)[:192], digits(data.validation)[:96]
    with pytest.raises(InputError, match=r"initialized: call model\.initialize\(batch\)"):
        one.fit(x, batch_size=32)
    one.initialize(x[:64])
    one.compile(keras.optimizers.Adam(1e-3), MeanNegativeLogLikelihood(), steps_per_execution=steps_per_execution)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = one.fit(
        x, batch_size=32, epochs=2, validation_data=(validation,), callbacks=[log], verbose=0, shuffle=False
    ).history
    assert one.optimizer.iterations.numpy() == 12
    assert set(history) == {"loss", "bits_per_dim", "val_loss", "val_bits_per_dim"}
    assert history["loss"][1] < history["loss"][0]
    expected = -one.log_prob(validation).numpy().mean()
    assert history["val_loss"][1] == pytest.approx(expected, rel=1e-3)
    assert one.evaluate(validation, batch_size=32, verbose=0, return_dict=True)["loss"] == pytest.approx(
        expected, rel=1e-3
    )
    assert (tmp_path / "log.csv").exists()


def test_progress_shows_the_score_of_now():
    one = model()
    for value in [10.0] * 500 + [4.0] * 200:
        one._score.update_state(np.full(3, value, np.float32))
    assert float(one._score.result()) == pytest.approx(4.0, abs=0.2)
    one._score.reset_state()
    one._score.update_state(np.full(3, 2.0, np.float32))
    assert float(one._score.result()) == pytest.approx(2.0)
