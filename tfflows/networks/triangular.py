"""Products with a block-triangular matrix that skip most of its zeros."""

import dataclasses
import itertools

import numpy as np
import tensorflow as tf

from tfflows.networks.base import constant_of_all_graphs

LEAST = 128  # columns of a strip, and rows of a matrix: smaller products are not faster
MOST_STRIPS = 8
WORTHWHILE = 0.7  # of the arithmetic that is left


@dataclasses.dataclass(frozen=True)
class Strip:
    """Consecutive columns of a masked matrix, and the range of rows in which their mask is not all False.

    Args:
        columns: Range of the columns.
        rows: Range of the rows.
        mask: bool, `[rows, columns]`.
    """

    columns: slice
    rows: slice
    mask: tf.Tensor

    @property
    def area(self) -> int:
        """Number of entries."""
        return self.mask.shape.num_elements()


class TriangularProduct:
    """`x @ where(mask, kernel, 0)`, by strips of columns that leave out the rows above and below their mask.

        y[:, columns] = x[:, rows] @ where(mask, kernel, 0)[rows, columns]      for each strip

    The masks of a MADE whose degrees are sorted are block-triangular: with four strips, five eighths of the arithmetic
    are left, in the product and in both products of its gradient.

    Measured on 2 cores, a product of 512 x 512 with its gradient: a batch of 1000 in 10.8 ms, and 17.1 ms without
    strips; a batch of 100 in 1.6 ms, and 2.3 ms. Autodiff would add up gradients as large as the kernel, one for each
    strip, and take 15.0 and 3.2 ms; so the gradient is written out here.

    Args:
        mask: bool, `[inputs, units]`.
    """

    def __init__(self, mask: np.ndarray):
        self.inputs = len(mask)
        self.strips = strips(mask)

    @property
    def is_worthwhile(self) -> bool:
        """Whether strips leave out enough of the matrix to be faster than one product."""
        area = sum(strip.area for strip in self.strips)
        units = self.strips[-1].columns.stop
        return self.inputs >= LEAST and area <= WORTHWHILE * self.inputs * units

    def __call__(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The product of `x`, `[batch, inputs]`, and `kernel`, `[inputs, units]`, where the mask is True."""

        @tf.custom_gradient
        def product(x, kernel):
            parts = [self._masked(strip, kernel[strip.rows, strip.columns]) for strip in self.strips]
            columns = [x[:, strip.rows] @ part for strip, part in zip(self.strips, parts, strict=True)]
            return tf.concat(columns, axis=-1), lambda upstream: self._gradients(x, parts, upstream)

        return product(x, kernel)

    def _gradients(self, x, parts, upstream):
        of_x, of_kernel = [], []
        for strip, part in zip(self.strips, parts, strict=True):
            rest = [strip.rows.start, self.inputs - strip.rows.stop]
            columns = upstream[:, strip.columns]
            of_x.append(tf.pad(tf.matmul(columns, part, transpose_b=True), [[0, 0], rest]))
            of_part = self._masked(strip, tf.matmul(x[:, strip.rows], columns, transpose_a=True))
            of_kernel.append(tf.pad(of_part, [rest, [0, 0]]))
        return tf.add_n(of_x), tf.concat(of_kernel, axis=-1)

    @staticmethod
    def _masked(strip, values):
        return tf.where(strip.mask, values, tf.zeros([], values.dtype))


def strips(mask: np.ndarray) -> list[Strip]:
    """Strips of about the same width, at most MOST_STRIPS, of LEAST columns or more if there are as many."""
    number = min(MOST_STRIPS, max(1, mask.shape[1] // LEAST))
    edges = np.linspace(0, mask.shape[1], number + 1).round().astype(int)
    found = []
    for first, last in itertools.pairwise(edges):
        rows = np.flatnonzero(mask[:, first:last].any(axis=1))
        start, stop = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
        part = constant_of_all_graphs(mask[start:stop, first:last], "bool")
        found.append(Strip(slice(int(first), int(last)), slice(start, stop), part))
    return found
