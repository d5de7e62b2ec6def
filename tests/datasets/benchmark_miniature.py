"""The archives of the benchmarks of vectors in miniature: few rows, in the original file formats."""

import io
import pickle
import tarfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

SENSORS = 16


def write(manual: Path) -> None:
    """Writes the two archives into the folder in which TFDS looks for files that are fetched by hand."""
    manual.mkdir(parents=True)
    with tarfile.open(manual / "data.tar.gz", "w:gz") as archive:
        _add(archive, "data/power/data.npy", _npy(power()))
        _add(archive, "data/miniboone/data.npy", _npy(miniboone()))
        _add(archive, "data/gas/ethylene_CO.pickle", old_pickle(*gas()))
        for split, rows in zip(("train", "test"), hepmass(), strict=True):
            _add(archive, f"data/hepmass/1000_{split}.csv", csv(rows))
        _add(archive, "data/BSDS300/BSDS300.hdf5", _hdf5(bsds300()))
    with tarfile.open(manual / "BSDS300-images.tgz", "w:gz") as archive:
        for split, count in (("train", 10), ("test", 2)):
            for number in range(count):
                _add(archive, f"BSDS300/images/{split}/{number}.jpg", _jpeg(number))


def power() -> np.ndarray:
    """200 minutes: the time tells which row is which."""
    rows = np.random.RandomState(0).uniform(10, 20, [200, 8])
    rows[:, 7] = np.arange(200)
    return rows


def miniboone() -> np.ndarray:
    return np.random.RandomState(1).normal(3, 2, [100, 43])


def gas() -> tuple[list[str], np.ndarray]:
    """Sixteen sensors, in pairs that read the same up to little noise."""
    random = np.random.RandomState(2)
    read = np.repeat(random.normal(size=[100, SENSORS // 2]), 2, axis=1) + 1e-3 * random.normal(size=[100, SENSORS])
    names = ["Time", "Meth", "Eth", *(f"R{number}" for number in range(SENSORS))]
    return names, np.hstack([np.arange(100)[:, None], random.rand(100, 2), read])


def hepmass() -> tuple[np.ndarray, np.ndarray]:
    """Of 22 features, the fourth has two values only; test has one more column."""
    random = np.random.RandomState(3)
    train, test = (np.hstack([np.arange(size)[:, None] % 2, random.normal(size=[size, more])]) for size, more in SIZES)
    for rows in (train, test):
        rows[:, 4] = rows[:, 4] > 0
    return train, test


SIZES = ((120, 22), (60, 23))


def bsds300() -> dict[str, np.ndarray]:
    random = np.random.RandomState(4)
    sizes = {"train": 20, "validation": 5, "test": 10}
    return {name: random.normal(size=[size, 63]) for name, size in sizes.items()}


def csv(rows: np.ndarray) -> bytes:
    """As the published files: a header, and all numbers in scientific notation."""
    header = ",".join(["# label", *(f"f{number}" for number in range(rows.shape[1] - 1))])
    return "\n".join([header, *(",".join(f"{value:.18e}" for value in row) for row in rows), ""]).encode()


def _npy(rows: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()


def _hdf5(splits: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        for name, rows in splits.items():
            made[name] = rows
    return file.getvalue()


def _jpeg(number: int) -> bytes:
    file = io.BytesIO()
    image = np.random.RandomState(number).randint(0, 256, [20, 30, 3], np.uint8)
    Image.fromarray(image).save(file, "jpeg")
    return file.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


# A DataFrame as pandas 0.2x pickles it: the classes are looked up by these names, which pandas 3 no longer has.


class _Of:
    """An object whose pickle names a class of pandas."""

    def __init__(self, module: str, name: str, arguments: tuple = (), state: object = None):
        self.module, self.name, self.arguments, self.state = module, name, arguments, state


class _Pickler(pickle._Pickler):
    """A pickler in Python that may name classes that do not exist."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, _Of):
            self._save_recorded(obj)
        else:
            super().save(obj, save_persistent_id)

    def _save_recorded(self, obj):
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        if obj.arguments is not None:
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        if obj.state is not None:
            self.save(obj.state)
            self.write(pickle.BUILD)


def old_pickle(names: list[str], table: np.ndarray) -> bytes:
    """The pickle of a table: a block of integers, the time, and one of real numbers."""
    index = _Of("pandas.indexes.base", "Index", arguments=None)
    labels = {"data": np.array(names, dtype=object), "name": None}
    columns = _Of("pandas.indexes.base", "_new_Index", (index, labels))
    ranged = _Of("pandas.indexes.range", "RangeIndex", arguments=None)
    limits = {"start": 0, "stop": len(table), "step": 1, "name": None}
    rows = _Of("pandas.indexes.base", "_new_Index", (ranged, limits))
    blocks = [
        {"values": table[:, 1:].T.copy(), "mgr_locs": slice(1, len(names), 1)},
        {"values": table[:, :1].T.astype(np.int64), "mgr_locs": np.array([0])},
    ]
    layout = {"axes": [columns, rows], "blocks": blocks}
    state = ([columns, rows], [block["values"] for block in blocks], [columns, columns], {"0.14.1": layout})
    manager = _Of("pandas.core.internals", "BlockManager", (), state)
    frame = _Of("pandas.core.frame", "DataFrame", (), {"_data": manager, "_typ": "dataframe", "_metadata": []})
    file = io.BytesIO()
    _Pickler(file, protocol=2).dump(frame)
    return file.getvalue()
