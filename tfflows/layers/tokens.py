"""An event as a sequence of tokens; autoregressive layers over them, and couplings of some tokens given others."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow_probability as tfp

from tfflows import bijectors
from tfflows.bijectors import ScalarTransformer
from tfflows.bijectors.jacobi import jacobi
from tfflows.bijectors.tokens import tokens_shape
from tfflows.errors import check, check_choice
from tfflows.layers.autoregressive import Autoregressive, degrees
from tfflows.layers.base import FlowLayer
from tfflows.layers.coupling import Coupling
from tfflows.networks import Network

tfb = tfp.bijectors

# The first tokens of the pairs, by their place in the grid of patches.
PATTERNS = {
    "checkerboard": lambda rows, columns: (rows + columns) % 2 == 0,
    "rows": lambda rows, columns: rows % 2 == 0,
    "columns": lambda rows, columns: columns % 2 == 0,
}


class Tokens(FlowLayer):
    """`bijectors.Tokens`: the layers that follow see `[tokens, channels]`.

    Args:
        patch: Height and width of the patches of an image; 1 for vectors.

    Raises:
        InputError: When it is built, if `patch` does not divide the height and the width, or is not 1 for a vector.
    """

    def __init__(self, patch: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.patch = patch

    def build(self, input_shape):
        self.shape = tuple(input_shape[1:])

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Tokens(self.shape, self.patch)

    def compute_output_shape(self, input_shape):
        return input_shape[0], *tokens_shape(tuple(input_shape[1:]), self.patch)


class AutoregressiveTokens(Autoregressive):
    """An autoregressive layer over tokens, `[tokens, channels]`, with a causal transformer.

    The channels of a token are transformed together, given the tokens before it. The inverse takes one pass of the
    network. So does the forward direction with cached keys and values, in as many steps as there are tokens; Jacobi
    iteration takes whole passes, in which all tokens are computed at once, and often needs few of them.

    Args:
        conditioner: Unbuilt network: `networks.CausalTransformer`.
        transformer: Scalar transformer, such as `Gaussian()`.
        order: `"natural"` or `"reversed"`.
        jacobi_blocks: Number of blocks of tokens that the forward direction iterates over, see `bijectors.jacobi`;
            None for one token after another, with the cache.
        tolerance: Largest relative change of an entry that ends the iteration.

    Raises:
        InputError: `order` is none of these, `jacobi_blocks` is below 1, or `tolerance` is not positive.

    Source: Zhai et al., "Normalizing Flows are Capable Generative Models" (2412.06329), transformer autoregressive
    flows.
    Differs from the paper: Jacobi iteration is an option.
    """

    def __init__(
        self,
        *,
        conditioner: Network,
        transformer: ScalarTransformer,
        order: str = "natural",
        jacobi_blocks: int | None = None,
        tolerance: float = 1e-6,
        **kwargs: Any,
    ):
        check_choice("order", order, ("natural", "reversed"))  # the network is causal in one of them
        super().__init__(conditioner=conditioner, transformer=transformer, order=order, **kwargs)
        in_range = jacobi_blocks is None or jacobi_blocks >= 1
        check(in_range, "Expected `jacobi_blocks` to be 1 or more, or None.", jacobi_blocks=jacobi_blocks)
        check(tolerance > 0, "Expected `tolerance` to be positive.", tolerance=tolerance)
        self.jacobi_blocks = jacobi_blocks
        self.tolerance = tolerance

    @property
    def forward_cost(self):
        if self.jacobi_blocks is None:
            return super().forward_cost
        return dataclasses.replace(self.transformer.forward_cost, passes="fixed point")

    def bijector(self, context=None, *, training=False, seeds=None):
        one = super().bijector(context, training=training, seeds=seeds)
        if self.jacobi_blocks is None:
            return one
        solve = jacobi(one.transform, self.degrees, blocks=self.jacobi_blocks, tolerance=self.tolerance)
        return bijectors.Autoregressive(one.transform, self.degrees, solve)

    def _degrees(self, shape):
        tokens, channels = shape
        return np.repeat(degrees(self.order, (tokens,), seed=0)[:, None], channels, axis=1)


class TokenCoupling(Coupling):
    """A coupling of tokens: some are kept, and a network of them gives the parameters for the others, one for one.

        parameters = network(x[kept])
        inverse:  z[changed] = transformer(parameters).inverse(x[changed]),  the kept tokens stay

    Args:
        pattern: Which tokens of the grid are kept: `"checkerboard"`, `"rows"` or `"columns"`.
        grid: Number of rows and of columns of the grid.
        conditioner: Unbuilt network over tokens, such as `networks.Transformer`; the layer makes its own copy.
        transformer: Scalar transformer.
        flip: Whether the other tokens are kept instead.

    Raises:
        InputError: `pattern` is none of these, or does not keep half of the tokens.

    Source: Kolesnikov et al., "Jet: A Modern Transformer-Based Normalizing Flow" (2412.15129), spatial couplings.
    Differs from the paper: nothing.
    """

    def __init__(
        self,
        pattern: str,
        *,
        grid: tuple[int, int],
        conditioner: Network,
        transformer: ScalarTransformer,
        flip: bool = False,
        **kwargs: Any,
    ):
        super().__init__("halves", conditioner=conditioner, transformer=transformer, **kwargs)
        check_choice("pattern", pattern, tuple(PATTERNS))
        self.order = pairs(pattern, tuple(grid), flip=flip)

    def build(self, input_shape):
        batch, tokens, channels = input_shape
        super().build((batch, tokens // 2, 2 * channels))

    def bijector(self, context=None, *, training=False, seeds=None):
        pair = bijectors.PairTokens(self.order)
        return tfb.Chain([pair, super().bijector(context, training=training, seeds=seeds), tfb.Invert(pair)])


def pairs(pattern: str, grid: tuple[int, int], *, flip: bool) -> np.ndarray:
    """The tokens of a grid, `[rows * columns]`: first those that are kept, then those that change.

    Raises:
        InputError: The pattern does not keep exactly half of the tokens.
    """
    kept = (PATTERNS[pattern](*np.indices(grid)) != flip).ravel()
    rule = f"Expected a grid of patches in which the pattern {pattern!r} keeps half of them: choose another `patch`."
    check(2 * kept.sum() == kept.size, rule, grid=grid)
    return np.concatenate([np.flatnonzero(kept), np.flatnonzero(~kept)])
