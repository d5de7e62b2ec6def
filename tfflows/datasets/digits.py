"""`digits`: the 1,797 handwritten digits of 8x8 pixels that scikit-learn contains; real data without a download.

Pixels are integers 0..16, the number of set pixels in a 4x4 block of the scan.
"""

import numpy as np

from tfflows.datasets.data import Data
from tfflows.datasets.options import Options
from tfflows.events import Event
from tfflows.splits import Split, in_memory

NAMES = ("digits",)

_TRAIN, _VALIDATION = 1297, 200  # and 300 for test


def event(name: str, options: Options) -> Event:
    """8x8x1 pixels of 17 levels, with 10 classes if `options.conditional`."""
    options.reject(name, "n_bits", "flip", "data_dir")
    return Event((8, 8, 1), "uint8", levels=17, classes=10 if options.conditional else 0)


def load(name: str, options: Options) -> Data:
    """1,297 train, 200 validation and 300 test examples, from a fixed random permutation."""
    kind = event(name, options)
    images, labels = _shuffled()
    bounds = np.split(np.arange(len(images)), [_TRAIN, _TRAIN + _VALIDATION])
    train, validation, test = (_split(images[rows], labels[rows], kind) for rows in bounds)
    return Data(name, kind, train, validation, test)


def _shuffled() -> tuple[np.ndarray, np.ndarray]:
    # Imported here, as it takes half a second and only this dataset needs it.
    from sklearn.datasets import load_digits

    raw = load_digits()
    # NumPy promises that RandomState's stream never changes; that of default_rng may.
    order = np.random.RandomState(0).permutation(len(raw.images))
    return raw.images.astype(np.uint8)[order, :, :, None], raw.target.astype(np.int32)[order]


def _split(images: np.ndarray, labels: np.ndarray, kind: Event) -> Split:
    return in_memory(x=images, label=labels) if kind.classes else in_memory(x=images)
