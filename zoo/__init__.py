"""The zoo: architectures by name, and pretrained models by id.

zoo.list_models("*flow*")
model = zoo.create("realnvp", Event((2,)), preset="vector")
model = zoo.load("realnvp_digits")
"""

from tfflows.config import Config as Config
from zoo.building import build as build
from zoo.catalog import info as info
from zoo.catalog import list_models as list_models
from zoo.catalog import presets as presets
from zoo.configuration import configure as configure
from zoo.creation import create as create
from zoo.estimator import DensityEstimator as DensityEstimator
from zoo.pretrained import list_pretrained as list_pretrained
from zoo.pretrained import load as load

__all__ = [
    "Config",
    "DensityEstimator",
    "build",
    "configure",
    "create",
    "info",
    "list_models",
    "list_pretrained",
    "load",
    "presets",
]
