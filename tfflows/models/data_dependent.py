"""The weights and statistics of a flow that are computed from data."""

from collections.abc import Callable

import tensorflow as tf


class DataDependentWeights:
    """A mixin of `Flow` that computes weights and statistics from data, before and during training.

    `initialize` sets weights such as those of ActNorm from one batch, once; they are NaN until then. `adapt` computes
    statistics such as those of batch normalization from the whole training set, each time the weights have changed.
    """

    def initialize(self, x, label=None, context=None, *, seed=0):
        x, condition = self.checked(x, label, context)
        self.chain.initialize(tf.cast(x, self.compute_dtype), condition)

    def adapt(self, batches, *, preprocess: Callable[[tf.Tensor], tf.Tensor] = tf.identity):
        def seen(place):
            def seen_in(x, condition):
                return self.chain.before(place, tf.cast(preprocess(x), self.compute_dtype), condition)

            function = self.cached_function("seen", seen_in, place, preprocess)
            pairs = ((batch["x"], self.condition_of(batch)) for batch in batches)
            return ((function(x, condition), condition) for x, condition in pairs)

        self.chain.adapt_layers(seen)

    @property
    def uses_statistics(self):
        return self.chain.uses_statistics

    @property
    def initialized(self):
        # Once set they stay set, so the weights are inspected only until then, not in every call.
        self._is_initialized = self._is_initialized or self.chain.initialized
        return self._is_initialized
