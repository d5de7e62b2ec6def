"""The targets of `tfflows.targets`, which load by name like datasets."""

from tfflows import targets
from tfflows.datasets.options import NAMED, Options
from tfflows.events import Event
from tfflows.targets import NAMES, Target

__all__ = ["NAMES", "event", "load"]


def event(name: str, options: Options) -> Event:
    """A point of the plane, float32."""
    options.reject(name, *NAMED)
    return targets.EVENT


def load(name: str, options: Options) -> Target:
    """The target, with seeds as its examples."""
    event(name, options)
    return targets.load(name)
