"""A causal transformer over tokens, which can also compute one token after another."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfflows.errors import check
from tfflows.networks.transformer import Transformer

Entry = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class CausalTransformer(Transformer):
    """The outputs of each token depend on the tokens before it in an order, and on the context.

        input of token i:  embedding(x[i - 1]) + positions[i] + condition(context),  with x[-1] = 0
        outputs[i] = last(norm(blocks(inputs[0..i])[i]))

    Args:
        outputs: Number of outputs for each token; None if the layer that owns the network sets it.
        degrees: Positions of the tokens in the order, from 1, `[tokens]` or `[tokens, channels]`: 1, 2, ... or the
            reverse; the layer that owns the network sets it.
        guidance: Weight w of classifier-free guidance, 0 or more: outside of training, the outputs are
            `(1 + w) * outputs(context) - w * outputs(0)`. 0 for none.
        **kwargs: As in `Transformer`.

    Raises:
        InputError: As in `Transformer`; `degrees` is another order, or `guidance` is negative or
            given without a context.

    Source: Zhai et al., "Normalizing Flows are Capable Generative Models" (2412.06329), transformer autoregressive
    flows and guidance.
    Differs from the paper: the inputs are shifted by a token, where the paper shifts the outputs, so that those of the
    first token are learned, too; the paper leaves the first token as it is. The outputs come after a normalization.
    See also `Transformer`.
    """

    causal = True

    def __init__(
        self,
        outputs: int | None = None,
        *,
        degrees: np.ndarray | None = None,
        guidance: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(outputs, **kwargs)
        rule = "Expected `guidance` to be 0 or more, and 0 for a model without classes or a context."
        check(guidance == 0 or (guidance > 0 and self.context_size > 0), rule, guidance=guidance)
        self.degrees = degrees
        self.guidance = guidance

    def build(self, input_shape):
        self.reverses = is_reversed(np.asarray(self.degrees), input_shape[1])
        super().build(input_shape)

    def call(self, x, context=None, *, training=False, seeds=None):
        guided = self.guidance > 0 and not training
        x = tf.pad(self._in_order(x)[:, :-1], [[0, 0], [1, 0], [0, 0]])
        x, context = with_unconditional(x, context) if guided else (x, context)
        outputs = self._in_order(super().call(x, context))
        return self._guided(outputs) if guided else outputs

    def sweep(self, z: tf.Tensor, context: tf.Tensor | None, entry: Entry) -> tuple[tf.Tensor, tf.Tensor]:
        """One token after another, each from the outputs that the tokens before it determine.

        The keys and values of the tokens before are kept, so that a token takes one column of each product: all tokens
        together cost one pass, in as many steps as there are tokens.

        Args:
            z: Latent, `[batch, tokens, channels]`.
            context: Context, `[batch, context_size]`; None for none.
            entry: Function from the outputs of one token, `[batch, size, channels]`, and its latent,
                `[batch, channels]`, to the token and to the log-dets, `[batch, channels]` each.

        Returns:
            The tokens and their log-dets, `[batch, tokens, channels]`.
        """
        batch, (tokens, channels) = tf.shape(z)[0], z.shape[1:]
        latents, positions = self._in_order(z), tf.cast(self.positions, self.compute_dtype)
        places = tf.range(tokens)[:, None]

        def one_token(place, last, caches, *found):
            x, its_context = with_unconditional(last, context) if self.guidance else (last, context)
            x = self.embedded(x, its_context) + tf.slice(positions, [place, 0], [1, -1])
            x, caches = self._step(x, caches, place)
            outputs = self.last(self.norm(x))
            outputs = self._guided(outputs) if self.guidance else outputs
            outputs = tf.reshape(outputs, [-1, self.outputs // channels, channels])
            new = entry(outputs, tf.gather(latents, place, axis=1))
            found = [tf.where(places == place, one[:, None], all) for one, all in zip(new, found, strict=True)]
            return place + 1, new[0][:, None], caches, *found

        rows = 2 * batch if self.guidance else batch
        cache = tf.zeros([2, rows, tokens, self.heads, self.width // self.heads], self.compute_dtype)
        last, empty = tf.zeros([batch, 1, channels], z.dtype), tf.zeros([batch, tokens, channels], z.dtype)
        state = 0, last, [cache] * self.num_blocks, empty, empty
        # A static number of steps: XLA cannot differentiate any other loop.
        state = tf.while_loop(lambda place, *_: place < tokens, one_token, state, maximum_iterations=tokens)
        return tuple(self._in_order(tf.ensure_shape(found, z.shape)) for found in state[-2:])

    def _step(self, x, caches, place):
        kept = []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, new = block.step(x, cache, place)
            kept.append(tf.ensure_shape(new, cache.shape))
        return x, kept

    def _guided(self, outputs):
        conditional, unconditional = tf.split(outputs, 2)
        return conditional + self.guidance * (conditional - unconditional)

    def _in_order(self, x):
        return tf.reverse(x, [1]) if self.reverses else x


def with_unconditional(x: tf.Tensor, context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The rows twice, with their context and without one."""
    return tf.concat([x, x], axis=0), tf.concat([context, tf.zeros_like(context)], axis=0)


def is_reversed(degrees: np.ndarray, tokens: int) -> bool:
    """Whether the order of the tokens is backwards.

    Raises:
        InputError: `degrees` are neither 1, 2, ... nor the reverse, or differ within a token.
    """
    order, given = np.arange(1, tokens + 1), degrees.reshape(tokens, -1).T
    forwards, backwards = (bool(np.all(given == one)) for one in (order, order[::-1]))
    rule = "Expected `degrees` in ascending or descending order of the tokens, the same for all channels of a token."
    check(forwards or backwards, rule, degrees=degrees.tolist())
    return not forwards
