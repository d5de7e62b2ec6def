"""Data by name: `load("cifar10")` gives the three splits of a dataset and the `Event` that its examples are.

The data stay in raw units (pixels as integers), so that scores compare across models; a model does its own scaling.
"""

from tfflows.datasets.catalogue import names
from tfflows.datasets.data import Data, Split
from tfflows.datasets.loading import event, load
from tfflows.datasets.options import OPTIONS

__all__ = ["OPTIONS", "Data", "Split", "event", "load", "names"]
