"""Inputs of the serving tests, and how close an answer must be to the model's own."""

import numpy as np

from tfflows import datasets


def digits(n: int) -> np.ndarray:
    return next(datasets.load("digits").test.examples.batch(n).as_numpy_iterator())["x"]


def assert_near(served: np.ndarray, own) -> None:
    """Equal up to rounding: batches of other sizes sum in another order. Pixels must be equal."""
    own = np.asarray(own)
    assert (served.dtype, served.shape) == (own.dtype, own.shape)
    if own.dtype == np.uint8:
        np.testing.assert_array_equal(served, own)
    else:
        np.testing.assert_allclose(served, own, rtol=1e-5, atol=1e-4)
