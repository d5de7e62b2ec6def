"""Targets: unnormalized log-densities by name, such as `"energy/u1"`, and `Target` for one of your own."""

from tfflows.targets.loading import EVENT, NAMES, load
from tfflows.targets.target import Target

__all__ = ["EVENT", "NAMES", "Target", "load"]
