"""Whether the weights of a model that depend on data have been set."""

from collections.abc import Sequence
from typing import Any

from tfflows.errors import check


class Initialized:
    """A mixin of Keras models: weights such as those of ActNorm are NaN until `initialize` sets them from data."""

    _is_initialized = False

    @property
    def initialized(self) -> bool:
        """Whether the data-dependent weights have been set, by `initialize` or from a file."""
        # Once set they stay set, so the weights are inspected only until then, not in every call.
        self._is_initialized = self._is_initialized or self.weights_are_set
        return self._is_initialized

    @property
    def weights_are_set(self) -> bool:
        """`initialized`, found by looking at the weights."""
        return True

    def set_weights(self, weights: Sequence[Any]) -> None:
        super().set_weights(weights)
        self._is_initialized = False  # they may be those of a new model

    def load_weights(self, *args: Any, **kwargs: Any) -> None:
        super().load_weights(*args, **kwargs)
        self._is_initialized = False

    def check_initialized(self) -> None:
        """Raises `InputError` unless the data-dependent weights have been set."""
        rule = "Expected a model that is initialized: call model.initialize(batch), fit it, or load weights."
        check(self.initialized, rule, model=self.name)
