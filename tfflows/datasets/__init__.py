"""Data by name: `load("cifar10")` returns the three splits of a dataset and the `Event` that describes an example;
`load("energy/u1")` returns an unnormalized density, a `tfflows.targets.Target`.

Data stay in raw units (pixels as integers), so that scores are comparable across models, which do their own scaling.
"""

from tfflows.datasets.arrays import from_arrays
from tfflows.datasets.attributes import load_attributes
from tfflows.datasets.data import Data
from tfflows.datasets.loading import event, load, names, options_of, training_rows
from tfflows.datasets.options import OPTIONS
from tfflows.splits import Split

__all__ = ["OPTIONS", "Data", "Split", "event", "from_arrays", "load", "load_attributes", "names", "options_of"]
__all__ += ["training_rows"]
