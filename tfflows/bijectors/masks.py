"""Masks of couplings by name, as `keep` arrays of the event's shape: True = unchanged. `flip` gives the complement."""

import numpy as np

from tfflows.errors import check


def checkerboard(shape: tuple[int, ...], *, flip: bool) -> np.ndarray:
    """Keeps the pixels whose row and column add up to an odd number (1605.08803, figure 3, left).

    Args:
        shape: `(height, width, channels)`.
        flip: Keep the even ones instead.
    """
    check(len(shape) == 3, "Expected a checkerboard mask to be of an image (height, width, channels).", shape=shape)
    rows, columns = np.indices(shape[:2])
    return np.broadcast_to((rows + columns)[:, :, None] % 2 == (0 if flip else 1), shape)


def halves(shape: tuple[int, ...], *, flip: bool) -> np.ndarray:
    """Keeps the first half of the last axis: the channels of an image, the entries of a vector (figure 3, right)."""
    check(shape[-1] > 1, "Expected at least 2 entries on the last axis, to keep some and change others.", shape=shape)
    return np.broadcast_to((np.arange(shape[-1]) < shape[-1] // 2) != flip, shape)


def alternating(shape: tuple[int, ...], *, flip: bool) -> np.ndarray:
    """Keeps the odd entries of the last axis."""
    check(shape[-1] > 1, "Expected at least 2 entries on the last axis, to keep some and change others.", shape=shape)
    return np.broadcast_to((np.arange(shape[-1]) % 2 == 1) != flip, shape)


def quarters(shape: tuple[int, ...], *, flip: bool) -> np.ndarray:
    """Keeps the first three quarters of the last axis (1905.07376, the authors' code, `split_quarter`)."""
    check(shape[-1] > 3, "Expected at least 4 entries on the last axis, to change a quarter of them.", shape=shape)
    return np.broadcast_to((np.arange(shape[-1]) < shape[-1] - shape[-1] // 4) != flip, shape)


OF_CHANNELS = {"halves": halves, "alternating": alternating, "quarters": quarters}
MASKS = {"checkerboard": checkerboard, **OF_CHANNELS}
