"""The weights and statistics of a flow that come from data."""

import tensorflow as tf

from tfflows import noise


class DataDependentWeights:
    """What a flow takes from data before and between the steps of training: a mixin of `Flow`.

    `initialize` sets weights such as those of ActNorm from one batch, once; they are NaN until then. `adapt` takes
    statistics such as those of batch normalization from the whole training set, as often as weights have changed.
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
        """What the layer at `place` sees of events `x`."""
        return self.chain.before(place, self._dequantized(x, noise.seed_pair(0)), self._context(label))

    def _dequantized(self, x, seed):
        u = self.dequantization(x, noise.row_seeds(x, seed))[0] if self.event.discrete else 0.0
        return tf.cast(x, self.compute_dtype) + u

    @property
    def uses_statistics(self):
        return self.chain.uses_statistics

    @property
    def initialized(self):
        # Once set they stay set: the weights are looked at until then, and not in every call.
        if not self._is_initialized:
            noise_is = self.dequantization is None or self.dequantization.initialized
            self._is_initialized = noise_is and self.chain.initialized
        return self._is_initialized
