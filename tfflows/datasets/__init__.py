"""Data by name: `load("cifar10")` gives the three splits of a dataset and the `Event` that its examples are;
`load("energy/u1")` a density without its constant.

The data stay in raw units (pixels as integers), so that scores compare across models; a model does its own scaling.
"""

from tfflows.datasets.catalogue import names
from tfflows.datasets.data import Data, Energy, Split
from tfflows.datasets.loading import event, load
from tfflows.datasets.options import OPTIONS

__all__ = ["OPTIONS", "Data", "Energy", "Split", "event", "load", "names"]
