"""The weights and statistics of a flow that are computed from data."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfflows.layers import Logit


class DataDependentWeights:
    """A mixin of `Flow` that computes weights and statistics from data, before and during training.

    `initialize` sets weights such as those of ActNorm from one batch, once; they are NaN until then. `adapt` computes
    statistics such as those of batch normalization from the whole training set, each time the weights have changed.
    """

    def initialize(self, x, label=None, context=None, *, seed=0):
        x, condition = self.checked(x, label, context)
        first = next(iter(self.chain.flow_layers), None)
        if isinstance(first, Logit):
            first.check_range(np.asarray(x))
        self.chain.initialize(tf.cast(x, self.compute_dtype), condition)

    def adapt(self, batches, *, preprocess: Callable[[tf.Tensor], tf.Tensor] = tf.identity):
        def pairs():
            start = self.cached_function("start", lambda x: tf.cast(preprocess(x), self.compute_dtype), preprocess)
            return ((start(batch["x"]), self.condition_of(batch)) for batch in batches)

        def between(first, place, x, condition):
            def function(x, condition):
                return self.chain.between(first, place, x, condition)

            return self.cached_function("between", function, first, place)(x, condition)

        self.chain.adapt_layers(pairs, between)

    @property
    def uses_statistics(self):
        return self.chain.uses_statistics

    @property
    def weights_are_set(self):
        return self.chain.initialized
