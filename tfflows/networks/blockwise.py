"""A masked network that computes one entry after another at the cost of about one pass, not of a pass for each."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.bounds import within_reach
from tfflows.errors import check

MOST_STEPS = 16  # of a block

Entry = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Blockwise:
    """The sequential direction of an autoregressive flow, block by block.

    A hidden unit of degree m depends on the entries up to position m, so each unit is computed only once:

        step s = 0..D-1:  the units of degree s of each layer, from the units of degrees up to s of the layer before
                          the outputs of entry s + 1, from the units of degrees up to s of the last layer
                          x[s + 1], log_det[s + 1] = entry(outputs, z[s + 1])

    Consecutive steps form a block. Inside it, each product is small. When it is done, one product for each layer adds
    what its units contribute to all units behind it. These products add up to one dense pass. The blocks are a loop, so
    the graph does not grow with D; autodiff through it is the implicit gradient, a triangular solve by the same blocks.

    Measured on 2 cores, samples of MAF with D = 43, 5 x (512, 512), batch 100: 21 ms with XLA, and 136 ms by the D
    passes of nflows in the same run (benchmarks/results/peers.csv).

    Columns index the batch: a step reads and writes adjacent rows. The units of a layer are sorted by degree, and each
    degree is padded to the same number of them.

    Args:
        layers: Masked layers, each with `kernel`, `multiplier`, `bias` and `activation`.
        degrees: Degrees of the inputs, of the units of each hidden layer, and of the outputs. The inputs are the
            entries, of degrees 1..D in any order, and the context, of degree 0.
        entries: Number of entries, D.
    """

    def __init__(self, layers: Sequence[Any], degrees: Sequence[np.ndarray], entries: int):
        inputs, *hidden, outputs = map(np.asarray, degrees)
        different = len(np.unique(inputs[:entries])) == entries
        check(different, "Expected each entry to have a position of its own in the order.", degrees=inputs[:entries])
        self.layers, self.entries = layers, entries
        self.steps = entries if entries <= MOST_STEPS // 2 else min(round(entries**0.5), MOST_STEPS)
        self.blocks = -(-entries // self.steps)
        slots = self.steps * self.blocks
        # Entry m is known from step m on; nothing sees the last entry.
        seen = np.where(inputs[:entries] < entries, inputs[:entries], -1)
        self.places = [Places(steps, slots) for steps in (seen, *hidden, outputs - 1)]
        self.order = np.argsort(inputs[:entries])

    def __call__(self, z: tf.Tensor, context: tf.Tensor | None, entry: Entry) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes all entries.

        Args:
            z: Latent, `[batch, entries]`.
            context: Context, `[batch, context_size]`; None for none.
            entry: Function from the outputs of one entry, `[size, batch]`, and its latent, `[batch]`, to the entry and
                to the log-det, `[batch]` each.

        Returns:
            The entries and their log-dets, `[batch, entries]`.
        """
        padding = self.steps * self.blocks - self.entries
        rows = tf.pad(tf.gather(tf.transpose(z), self.order), [[0, padding], [0, 0]])
        latents = _array(tf.reshape(rows, [self.blocks, self.steps, -1]))
        kernels = [_array(kernel) for kernel in self._kernels()]
        found = [tf.TensorArray(z.dtype, self.blocks, element_shape=[self.steps, z.shape[0]]) for _ in range(2)]

        def one_block(block, last, sums, found):
            products = [kernel.read(block) for kernel in kernels]
            values, *results = self._block(block, last, sums, products, latents.read(block), entry)
            if self.blocks > 1:
                sums = [one + product @ value for one, product, value in zip(sums, products, values, strict=True)]
            found = [array.write(block, result) for array, result in zip(found, results, strict=True)]
            return block + 1, results[0][-1:], sums, found

        state = 0, tf.zeros_like(rows[:1]), self._biases(context, tf.shape(z)[0]), found
        if self.blocks == 1:
            state = one_block(*state)
        else:
            # A static number of blocks: XLA cannot differentiate any other loop.
            state = tf.while_loop(
                lambda block, *_: block < self.blocks, one_block, state, maximum_iterations=self.blocks
            )
        return tuple(self._restored(array.stack()) for array in state[-1])

    def _block(self, block, last, sums, products, z, entry):
        """The inputs and hidden units of a block, by layer, its entries, and their log-dets."""
        weights, sums = ([self._steps(block, one) for one in each] for each in (products, sums))
        values, entries, log_dets = [None] * len(self.layers), [last], []
        for step in range(self.steps):
            units = tf.cast(within_reach(entries[-1]), self.layers[0].compute_dtype)
            for place, layer in enumerate(self.layers):
                values[place] = units if step == 0 else tf.concat([values[place], units], axis=0)
                weight = weights[place][step][:, : (step + 1) * self.places[place].each]
                units = layer.activation(sums[place][step] + weight @ values[place])
            found = entry(units, z[step])
            entries.append(found[0][None])
            log_dets.append(found[1][None])
        return values, tf.concat(entries[1:], axis=0), tf.concat(log_dets, axis=0)

    def _steps(self, block, rows: tf.Tensor) -> list[tf.Tensor]:
        """The rows of each step of a block."""
        size = rows.shape[0] // self.blocks
        return tf.split(tf.slice(rows, [block * size, 0], [size, -1]), self.steps)

    def _kernels(self) -> list[tf.Tensor]:
        """For each layer and block, what its inputs of the block contribute: `[blocks, units, inputs of a block]`."""
        found = []
        for layer, before, after in zip(self.layers, self.places, self.places[1:], strict=False):
            kernel = tf.cast(layer.kernel, layer.compute_dtype) * layer.multiplier
            kernel = after.arranged(tf.transpose(kernel[: len(before.inverse)]))
            kernel = before.arranged(tf.transpose(kernel))
            found.append(tf.transpose(tf.reshape(kernel, [self.blocks, -1, len(after.index)]), [0, 2, 1]))
        return found

    def _biases(self, context, batch) -> list[tf.Tensor]:
        """What the units of each layer are before any entry is known, `[units, batch]`."""
        found = []
        for layer, places in zip(self.layers, self.places[1:], strict=True):
            bias = tf.cast(layer.bias, layer.compute_dtype)[:, None]
            if context is not None and not found:
                kernel = tf.cast(layer.kernel[self.entries :], layer.compute_dtype)
                bias += tf.matmul(kernel, tf.cast(context, kernel.dtype), transpose_a=True, transpose_b=True)
            found.append(tf.broadcast_to(places.arranged(bias), [len(places.index), batch]))
        return found

    def _restored(self, blocks: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(blocks, [self.steps * self.blocks, -1])[: self.entries]
        return tf.transpose(tf.gather(rows, np.argsort(self.order)))


class Places:
    """An order of units by their step, with the same number of places for each step.

    Args:
        steps: The step of each unit; -1 for a unit that has no place.
        slots: Number of steps.
    """

    def __init__(self, steps: np.ndarray, slots: int):
        order = [np.flatnonzero(steps == slot) for slot in range(slots)]
        self.each = max(1, *map(len, order))
        filled = [np.pad(units, (0, self.each - len(units)), constant_values=len(steps)) for units in order]
        self.index = np.concatenate(filled)
        self.inverse = np.full(len(steps) + 1, len(self.index))
        self.inverse[self.index] = np.arange(len(self.index))
        self.inverse = self.inverse[:-1]

    def arranged(self, rows: tf.Tensor) -> tf.Tensor:
        """The rows in this order, with zeros in places that are empty; the gradient is a gather, too."""

        @tf.custom_gradient
        def arrange(rows):
            return _gather(rows, self.index), lambda upstream: _gather(upstream, self.inverse)

        return arrange(rows)


def _gather(rows: tf.Tensor, index: np.ndarray) -> tf.Tensor:
    return tf.gather(tf.pad(rows, [[0, 1], [0, 0]]), index)


def _array(values: tf.Tensor) -> tf.TensorArray:
    """The slices of a tensor: the gradient of reading one is as large as that slice, and not as large as the tensor."""
    return tf.TensorArray(values.dtype, values.shape[0], element_shape=values.shape[1:]).unstack(values)
