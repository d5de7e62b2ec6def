"""Patches of natural images as vectors, as in the BSDS300 dataset of density estimation.

    x = (gray + u) / 256 - mean, u ~ Uniform[0, 1), without the last pixel

Source: Zoran and Weiss, "From Learning Models of Natural Image Patches to Whole Image Restoration" (ICCV 2011);
Uria et al., "RNADE: The real-valued neural autoregressive density-estimator" (1306.0186), section 5.2.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from tfflows.datasets.benchmark_tables import Splits
from tfflows.errors import check

NAMES = ("bsds300", "bsds300_patches")
SIDE = 8
SIZES = (1_000_000, 50_000, 250_000)  # of train, validation and test


def splits(folder: Path, sizes: tuple[int, int, int] = SIZES) -> Splits:
    """Train, validation and test set, `[rows, 63]`.

    Args:
        folder: Has the images in `train` and `test`. Every tenth training image is kept for the validation set.
        sizes: Number of patches of each split.

    Raises:
        InputError: There are not enough images.
    """
    known, test = (sorted((folder / split).glob("*.jpg")) for split in ("train", "test"))
    rule = "Expected at least 10 training images and a test image."
    check(len(known) >= 10 and bool(test), rule, folder=str(folder), train=len(known), test=len(test))
    train = [path for number, path in enumerate(known) if number % 10]
    each = zip((train, known[::10], test), sizes, strict=True)
    return tuple(patches(paths, size, seed=seed) for seed, (paths, size) in enumerate(each))


def patches(paths: list[Path], size: int, *, seed: int) -> np.ndarray:
    """Patches at random places of gray images, equally many of each image up to one, in random order: `[size, 63]`."""
    random = np.random.RandomState(seed)
    counts = np.diff(np.linspace(0, size, len(paths) + 1).astype(int))
    cut = np.concatenate([_cut(_gray(path), count, random) for path, count in zip(paths, counts, strict=True)])
    noisy = (cut + random.rand(*cut.shape)) / 256
    centered = noisy - noisy.mean(axis=1, keepdims=True)
    random.shuffle(centered)
    return centered[:, :-1].astype(np.float32)


def whole(x: np.ndarray) -> np.ndarray:
    """Vectors `[n, 63]` as patches `[n, 8, 8]`: the mean is 0, so the last pixel is minus the sum of the others."""
    x = np.asarray(x, np.float64)
    return np.concatenate([x, -x.sum(axis=1, keepdims=True)], axis=1).reshape(-1, SIDE, SIDE)


def _gray(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def _cut(image: np.ndarray, count: int, random: np.random.RandomState) -> np.ndarray:
    """`count` patches as rows `[count, 64]`."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (SIDE, SIDE))
    rows, columns = (random.randint(places, size=count) for places in windows.shape[:2])
    return windows[rows, columns].reshape(count, -1)
