"""TFDS builders of the standard tabular benchmarks of density estimation.

    tfds.load("power")

The archive has the files from which the authors of the MAF paper make their splits. It is looked for in
`downloads/manual` before it is downloaded.

Source: Papamakarios et al., "Masked Autoregressive Flow for Density Estimation" (1705.07057); the data are at
https://zenodo.org/records/1161203. Zoran and Weiss, "From Learning Models of Natural Image Patches to Whole Image
Restoration" (ICCV 2011), for the patches of images.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import tensorflow_datasets as tfds

from tfflows.datasets import benchmark_tables, image_patches, old_frames
from tfflows.datasets.benchmark_tables import Splits
from tfflows.datasets.licenses import license_of
from tfflows.errors import check

_SPLITS = ("train", "validation", "test")
_CITATION = "Papamakarios, Pavlakou, Murray: Masked Autoregressive Flow for Density Estimation. NIPS 2017."


class _Vectors(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A dataset of vectors, float32 `[SIZE]`, with the feature `x`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "The paper's preprocessing and splits."}
    URLS = ("https://zenodo.org/records/1161203/files/data.tar.gz",)
    ORIGINALS = ("data.tar.gz", "data")
    """The archive, and the folder that it unpacks to; either may be in `downloads/manual`."""
    SIZE: int

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict({"x": tfds.features.Tensor(shape=(self.SIZE,), dtype=np.float32)})
        about = {"description": type(self).__doc__, "citation": _CITATION, "license": license_of(self.name)}
        return self.dataset_info_from_configs(features=features, homepage=self.URLS[0], **about)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        splits = self.splits(self._folder(dl_manager))
        rule = f"Expected {self.SIZE} columns for {self.name!r}: the archive is not that of the paper."
        for split in splits:
            check(split.shape[1] == self.SIZE, rule, columns=split.shape[1])
        return {name: self._generate_examples(split) for name, split in zip(_SPLITS, splits, strict=True)}

    def _folder(self, dl_manager: tfds.download.DownloadManager) -> Path:
        """The folder of the unpacked archive."""
        manual = Path(self.data_dir_root) / "downloads" / "manual"
        archive, folder = (manual / name for name in self.ORIGINALS)
        if folder.is_dir():
            return folder
        source = archive if archive.exists() else dl_manager.download(self.URLS[0])
        return Path(dl_manager.extract(source)) / folder.name

    def _generate_examples(self, rows: np.ndarray) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        yield from enumerate({"x": row} for row in rows.astype(np.float32))

    def splits(self, folder: Path) -> Splits:
        """Train, validation and test set, `[rows, SIZE]`, of the files in a folder."""
        raise NotImplementedError


class Power(_Vectors):
    """POWER: electric power consumption of a household, minute by minute; standardized."""

    SIZE = 6

    def splits(self, folder: Path) -> Splits:
        return benchmark_tables.power(np.load(folder / "power" / "data.npy"))


class Gas(_Vectors):
    """GAS: readings of chemical sensors in a mixture of ethylene and carbon monoxide; standardized."""

    SIZE = 8

    def splits(self, folder: Path) -> Splits:
        return benchmark_tables.gas(*old_frames.read(folder / "gas" / "ethylene_CO.pickle"))


class Hepmass(_Vectors):
    """HEPMASS: collisions of particles that produce a particle of mass 1000; standardized."""

    SIZE = 21

    def splits(self, folder: Path) -> Splits:
        files = (folder / "hepmass" / f"1000_{split}.csv" for split in ("train", "test"))
        return benchmark_tables.hepmass(*map(_csv, files))


class Miniboone(_Vectors):
    """MINIBOONE: electron neutrinos of the MiniBooNE experiment; standardized."""

    SIZE = 43

    def splits(self, folder: Path) -> Splits:
        return benchmark_tables.miniboone(np.load(folder / "miniboone" / "data.npy"))


class MinibooneSmall(_Vectors):
    """MINIBOONE without its training set: a tenth of its validation set validates and the rest trains.

    For machines that have `val.npy` and `test.npy` only, the preprocessed splits, in `downloads/manual/data/miniboone`.
    """

    RELEASE_NOTES: ClassVar = {"1.0.0": "2,956 training, 328 validation and 3,648 test rows."}
    SIZE = 43

    def splits(self, folder: Path) -> Splits:
        files = folder / "miniboone"
        if (files / "data.npy").exists():
            return benchmark_tables.small(*benchmark_tables.miniboone(np.load(files / "data.npy"))[1:])
        return benchmark_tables.small(np.load(files / "val.npy"), np.load(files / "test.npy"))


class Bsds300(_Vectors):
    """BSDS300: 8x8 patches of gray images with uniform noise, without their mean and the last pixel."""

    SIZE = 63

    def splits(self, folder: Path) -> Splits:
        with h5py.File(folder / "BSDS300" / "BSDS300.hdf5", "r") as file:
            return tuple(file[name][:] for name in _SPLITS)


class Bsds300Patches(_Vectors):
    """New patches, cut as in BSDS300 from the images of the Berkeley Segmentation Dataset.

    The preprocessing is that of the paper but the patches differ, so scores differ by sampling error.
    """

    RELEASE_NOTES: ClassVar = {"1.0.0": "1,000,000 training, 50,000 validation and 250,000 test patches."}
    URLS = ("https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds/BSDS300-images.tgz",)
    ORIGINALS = ("BSDS300-images.tgz", "BSDS300")
    SIZE = 63

    def splits(self, folder: Path) -> Splits:
        return image_patches.splits(folder / "images")


def _csv(path: Path) -> np.ndarray:
    """The numbers of a file with a header; what a row has beyond the header is left out."""
    with path.open() as file:
        columns = len(file.readline().split(","))
        return np.loadtxt(file, delimiter=",", usecols=range(columns))


BUILDERS: dict[str, type[_Vectors]] = {
    builder.name: builder for builder in (Power, Gas, Hepmass, Miniboone, MinibooneSmall, Bsds300, Bsds300Patches)
}
"""Each builder by its name in TFDS."""
