"""Configurations: an object's constructor arguments, from which Keras can recreate it."""

import dataclasses
import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows.errors import check

tfd = tfp.distributions

OWN = ("tfflows", "zoo")  # packages whose classes are registered as "tfflows>Name", others as "Custom>Name"


def register(cls: type) -> type:
    """Registers a class with Keras, which finds it by its name when it loads a model.

    The package is "tfflows" for the classes of this project, and Keras' default, "Custom", for those of its users,
    which may have the same names.
    """
    own = cls.__module__.partition(".")[0] in OWN
    return keras.saving.register_keras_serializable("tfflows" if own else "Custom")(cls)


class Configurable:
    """A mixin for Keras layers and models: the constructor's arguments are the configuration.

    Keras needs `get_config` and `from_config` of each object that it saves. Written by hand, they repeat every
    argument; here the arguments are recorded when the object is created. Layers, models, events and scalar transformers
    among them are serialized recursively. Each subclass is registered with Keras: see `register`.

        class Scale(Configurable, keras.layers.Layer):
            def __init__(self, factor, **kwargs):
                super().__init__(**kwargs)
    """

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        register(cls)

    def __new__(cls, *args: Any, **kwargs: Any):
        instance = super().__new__(cls, *args, **kwargs)
        arguments = _arguments(cls, args, kwargs)
        # In a closure: Keras would track layers among the arguments as state of the object, and save it twice.
        instance.__dict__["_arguments"] = lambda: arguments
        return instance

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and Keras' own (`name`, `trainable`, `dtype`), serialized."""
        dtype = keras.dtype_policies.serialize(self.dtype_policy)
        own = {"name": self.name, "trainable": self.trainable, "dtype": dtype}
        return {**own, **{name: serialize(value) for name, value in self._arguments().items()}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{name: deserialize(value) for name, value in config.items()})


class ConfigurableValue:
    """A mixin for dataclasses: the fields are the configuration. Registers each subclass as `Configurable` does."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        register(cls)

    def get_config(self) -> dict[str, Any]:
        """The fields, serialized."""
        fields = dataclasses.fields(self)
        return {field.name: serialize(getattr(self, field.name)) for field in fields}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{name: deserialize(value) for name, value in config.items()})


@dataclasses.dataclass(frozen=True)
class DistributionConfig(ConfigurableValue):
    """A TFP distribution as data: its class in `tfp.distributions`, and its parameters.

    Args:
        kind: Name of the class.
        parameters: Arguments of its constructor: numbers, strings, arrays, and further distributions.
    """

    kind: str
    parameters: dict[str, Any]

    @classmethod
    def of(cls, distribution: tfd.Distribution) -> "DistributionConfig":
        """The configuration of a distribution.

        Raises:
            InputError: The class is not one of TFP's, which could not be loaded again, or a parameter is neither a
                number, a string, an array nor a distribution.
        """
        kind = type(distribution).__name__
        rule = "Expected a distribution of a class in tfp.distributions, so that a saved flow can be loaded."
        check(getattr(tfd, kind, None) is type(distribution), rule, distribution=kind)
        given = {name: value for name, value in distribution.parameters.items() if value is not None}
        return cls(kind, {name: _plain(name, value) for name, value in given.items()})

    def make(self) -> tfd.Distribution:
        """The distribution."""
        made = {k: v.make() if isinstance(v, DistributionConfig) else v for k, v in self.parameters.items()}
        return getattr(tfd, self.kind)(**made)


def serialize(value: Any) -> Any:
    """`keras.saving.serialize_keras_object`, extended to distributions of TFP."""
    value = DistributionConfig.of(value) if isinstance(value, tfd.Distribution) else value
    return keras.saving.serialize_keras_object(value)


def deserialize(config: Any) -> Any:
    """The object that `serialize` described; an array stays unchanged."""
    if isinstance(config, np.ndarray):
        return config
    value = keras.saving.deserialize_keras_object(config)
    return value.make() if isinstance(value, DistributionConfig) else value


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tfd.Distribution):
        return DistributionConfig.of(value)
    if tf.is_tensor(value) or isinstance(value, tf.Variable | np.ndarray | np.generic):
        return np.asarray(value)
    rule = f"Expected parameter `{name}` of the base distribution to be a number, an array or a distribution."
    check(isinstance(value, bool | int | float | str | list | tuple), rule, **{name: value})
    return value


def _arguments(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, without those that Keras keeps itself; `__init__` rejects wrong ones."""
    try:
        bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs)
    except TypeError:
        return {}
    named = {name: value for name, value in list(bound.arguments.items())[1:] if name != "kwargs"}
    named |= bound.arguments.get("kwargs", {})
    return {name: value for name, value in named.items() if name not in ("name", "trainable", "dtype")}
