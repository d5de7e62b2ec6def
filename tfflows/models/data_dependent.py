"""The weights and statistics of a flow that are computed from data."""

import tensorflow as tf

from tfflows import noise


class DataDependentWeights:
    """A mixin of `Flow` that computes weights and statistics from data, before and during training.

    `initialize` sets weights such as those of ActNorm from one batch, once; they are NaN until then. `adapt` computes
    statistics such as those of batch normalization from the whole training set, each time the weights have changed.
    """

    def initialize(self, x, label=None, *, seed=0):
        x, context = self.event.check(x), self._context(self.event.check_label(label))
        seed = noise.seed_pair(seed)
        if self.event.discrete:
            self.dequantization.initialize(x, noise.row_seeds(x, seed))
        self.chain.initialize(self._dequantized(x, seed), context)

    def adapt(self, batches):
        def seen(place):
            function = self.cached_function("seen", lambda x, label: self._seen(place, x, label), place)
            return (function(batch["x"], batch.get("label")) for batch in batches)

        self.chain.adapt_layers(seen)

    def _seen(self, place, x, label):
        """The input of the layer at index `place`, for events `x`."""
        return self.chain.before(place, self._dequantized(x, noise.seed_pair(0)), self._context(label))

    def _dequantized(self, x, seed):
        u = self.dequantization(x, noise.row_seeds(x, seed))[0] if self.event.discrete else 0.0
        return tf.cast(x, self.compute_dtype) + u

    @property
    def uses_statistics(self):
        return self.chain.uses_statistics

    @property
    def initialized(self):
        # Once set they stay set, so the weights are inspected only until then, not in every call.
        if not self._is_initialized:
            noise_is = self.dequantization is None or self.dequantization.initialized
            self._is_initialized = noise_is and self.chain.initialized
        return self._is_initialized
