"""The dtype policy of new layers, and of those that a layer creates."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras


class OwnPolicy:
    """A mixin for Keras layers: the layers that they create in `build` have their dtype policy.

    Keras would give them the global policy, which may be another one when the model is loaded. Only a `build` that the
    class itself defines has this effect.
    """

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _with_own_policy(cls.build)


def _with_own_policy(build: Callable) -> Callable:
    @functools.wraps(build)
    def built(self, *args, **kwargs):
        with policy_of_new_layers(self.dtype_policy):
            return build(self, *args, **kwargs)

    return built


@contextlib.contextmanager
def policy_of_new_layers(policy: keras.DTypePolicy | str) -> Iterator[None]:
    """Inside the block, new Keras layers have this dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
