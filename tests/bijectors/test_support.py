"""The map from columns with ends to the real line: its inverse, its log-determinant, and its precision."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import Support

# The four kinds of support on a scale and at an offset: `(low, high)`, and the distances of points from an end.
OPEN, ABOVE, BELOW, CLOSED = "open", "above", "below", "closed"
KINDS = [OPEN, ABOVE, BELOW, CLOSED]
SCALES = [1.0, 1e8, 1e-8]
OFFSETS = [0.0, 1.0, -1e8]
Z = np.linspace(-4.0, 4.0, 33)
# Without those where float64 itself has no numbers between the ends.
PLACES = [place for place in itertools.product(KINDS, SCALES, OFFSETS) if abs(place[2]) * 1e-12 < place[1]]


def support(kind: str, scale: float, offset: float) -> Support:
    """A support of one entry, of this scale, that starts or ends at the offset."""
    low = offset if kind in {ABOVE, CLOSED} else -np.inf
    high = {BELOW: offset, CLOSED: offset + scale}.get(kind, np.inf)
    # On the real line a column with one end has its unit in the shift, one with two ends has none.
    at, spread = {OPEN: (offset, scale), CLOSED: (0.3, 0.7)}.get(kind, (np.log(scale), 0.7))
    shift = -at if kind == BELOW else at
    return Support(*(np.array([each]) for each in (low, high, shift, spread)))


def points(kind: str, scale: float, offset: float) -> np.ndarray:
    """Numbers inside of the support, of its scale, by a definition of their own."""
    y = {OPEN: offset + scale * Z, ABOVE: np.log(scale) + 0.7 * Z, BELOW: -np.log(scale) + 0.7 * Z}.get(kind)
    y = 0.3 + 0.7 * Z if y is None else y
    x = {OPEN: lambda: y, ABOVE: lambda: offset + np.exp(y), BELOW: lambda: offset - np.exp(-y)}
    return x.get(kind, lambda: offset + scale / (1 + np.exp(-y)))()[:, None]


def precision(kind: str, scale: float, offset: float) -> float:
    """The rounding of a number of the offset's size, in units of the column's scale."""
    return 1e-11 + 2e3 * np.finfo(np.float64).eps * abs(offset) / scale


def assert_one_is_the_other(place):
    x = points(*place)
    z = support(*place).inverse(tf.constant(x))
    assert z.dtype == tf.float64
    np.testing.assert_allclose(z[:, 0], Z, atol=precision(*place))
    # Another bijector and another tensor: TFP's cache would return what it has seen.
    back = support(*place).forward(tf.identity(z)).numpy()
    np.testing.assert_allclose(back, x, rtol=1e-11, atol=1e-11 * place[1])


def assert_log_det_is_that_of_autodiff(place):
    for direction, numbers in (("inverse", points(*place)), ("forward", Z[:, None])):
        at = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(at)
            out = getattr(support(*place), direction)(at)
        slope = np.log(np.abs(tape.gradient(out, at)))
        log_det = getattr(support(*place), f"{direction}_log_det_jacobian")(at, event_ndims=0)
        np.testing.assert_allclose(np.broadcast_to(log_det, slope.shape), slope, atol=1e-9, err_msg=direction)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_forward_inverts_inverse(place):
    assert_one_is_the_other(place)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_log_det_is_that_of_autodiff(place):
    assert_log_det_is_that_of_autodiff(place)


def assert_both_laws(place):
    assert_one_is_the_other(place)
    assert_log_det_is_that_of_autodiff(place)


def test_entries_do_not_meet():
    """Each entry of a row has its own support, whatever the others have, with finite gradients."""
    each = [support(kind, 2.0, 1.0) for kind in KINDS]
    columns = [points(kind, 2.0, 1.0) for kind in KINDS]
    low = np.where([s.has_low[0] for s in each], [s.low[0] for s in each], -np.inf)
    high = np.where([s.has_high[0] for s in each], [s.high[0] for s in each], np.inf)
    row = Support(low, high, *(np.concatenate([getattr(s, name) for s in each]) for name in ("shift", "scale")))
    x = tf.constant(np.concatenate(columns, axis=1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = row.inverse_and_log_det(x)
    np.testing.assert_allclose(z, np.tile(Z[:, None], [1, 4]), atol=1e-10)
    assert np.isfinite(tape.gradient([z, log_det], x)).all()
    for place, (alone, column) in enumerate(zip(each, columns, strict=True)):
        expected = np.broadcast_to(alone.inverse_and_log_det(tf.constant(column))[1], column.shape)
        np.testing.assert_allclose(log_det[:, place], expected[:, 0], atol=1e-10)


def test_far_latents_stay_in_the_support():
    for kind in KINDS:
        x = support(kind, 1.0, 0.0).forward(tf.constant([[-700.0], [700.0]], tf.float64)).numpy()
        assert np.all(x >= 0 if kind in {ABOVE, CLOSED} else x > -np.inf)
        assert np.all(x <= {BELOW: 0.0, CLOSED: 1.0}.get(kind, np.inf))


def changed(name, change):
    method = getattr(Support, name)
    return name, lambda self, x: change(self, *method(self, x))


MUTANTS = {
    "sign of the log-det": changed("inverse_and_log_det", lambda self, z, log_det: (z, -log_det)),
    "no scale in the log-det": changed("inverse_and_log_det", lambda self, z, d: (z, d + np.log(self.scale))),
    "no length in the log-det": changed("inverse_and_log_det", lambda self, z, d: (z, d - np.log(2.0))),
    "sign of the other log-det": changed("forward_and_log_det", lambda self, x, log_det: (x, -log_det)),
    "no scale in the other": changed("forward_and_log_det", lambda self, x, d: (x, d - np.log(self.scale))),
    "shift of the inverse": changed("inverse_and_log_det", lambda self, z, log_det: (z + self.shift, log_det)),
    "ends exchanged": changed("forward_and_log_det", lambda self, x, d: (self.low + self.high - x, d)),
    "in float32": changed("forward_and_log_det", lambda self, x, d: (tf.cast(tf.cast(x, "float32"), "float64"), d)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant, monkeypatch):
    monkeypatch.setattr(Support, *MUTANTS[mutant])
    with pytest.raises(AssertionError):
        assert_both_laws((CLOSED, 2.0, 1.0))
