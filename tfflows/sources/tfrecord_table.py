"""TFRecord files of `tf.train.Example` with named columns."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tfflows.errors import InputError
from tfflows.sources import entries
from tfflows.sources.place import Place, check_names, check_rows
from tfflows.sources.tfrecord import KINDS, Records, first_features


@dataclasses.dataclass(frozen=True)
class TfRecordTable(Records):
    """An uncompressed file of examples; a feature that an example lacks, or has without values, is missing, as is NaN.

    Args:
        path: Path of the file.
        sizes: Number of values of each feature, by the first example.
        types: `int64_list`, `float_list` or `bytes_list` of each feature.
    """

    sizes: dict[str, int]
    types: dict[str, str | None]

    @classmethod
    def open(cls, path: str) -> "TfRecordTable":
        """Opens a file, whose first example decides which columns there are.

        Raises:
            InputError: There is no record, it is incomplete or not an example, or columns have the same name.
        """
        features = first_features(path)
        check_rows(path, 0 if features is None else 1)
        types = {name: features[name].WhichOneof("kind") for name in sorted(features)}
        sizes = {name: len(getattr(features[name], kind).value) if kind else 1 for name, kind in types.items()}
        table = cls(path, {name: max(size, 1) for name, size in sizes.items()}, types)
        check_names(path, [column for name in sizes for column in table.split(name)])
        return table

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column for name in self.sizes for column in self.split(name))

    @property
    def kinds(self) -> dict[str, str]:
        kinds = {name: "text" if kind == "bytes_list" else "number" for name, kind in self.types.items()}
        return {column: kinds[name] for name in self.sizes for column in self.split(name)}

    @property
    def undecided(self) -> frozenset[str]:
        return frozenset(name for name, kind in self.types.items() if kind is None)

    def split(self, feature: str) -> list[str]:
        """The columns of a feature: its own name, or name0, name1, ... where it has several values."""
        size = self.sizes[feature]
        return [feature] if size == 1 else [f"{feature}{index}" for index in range(size)]

    def columns(self, chunk: np.ndarray, kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        found = {}
        for feature in self.sizes:
            wanted = [(index, name) for index, name in enumerate(self.split(feature)) if name in kinds]
            values, missing = self._values(feature, chunk, first_row) if wanted else (None, None)
            for index, name in wanted:
                place = Place(self.path, name, first_row)
                found[name] = _entries(place, values[:, index], missing, kinds[name])
        return {name: found[name] for name in kinds}

    def _values(self, feature: str, chunk: np.ndarray, first_row: int) -> tuple[np.ndarray, np.ndarray]:
        """The values of a feature, `[rows, size]`, and the rows without any."""
        place, size = Place(self.path, feature, first_row), self.sizes[feature]
        dtype = KINDS[self.types[feature] or "float_list"]
        ragged = _parsed(place, chunk, tf.io.RaggedFeature(dtype))
        lengths = ragged.row_lengths().numpy()
        wrong = (lengths != size) & (lengths != 0)
        if wrong.any():
            rule = f"Expected {size} values of a feature in each example, as in the first: pad it, or drop its columns."
            index = int(np.argmax(wrong))
            place.refuse(rule, index, ragged[index].numpy().tolist()[:5])
        values = np.full([len(chunk), size], b"" if dtype == tf.string else 0, dtype.as_numpy_dtype)
        values[lengths > 0] = ragged.values.numpy().reshape(-1, size)
        return values, lengths == 0


def _parsed(place: Place, chunk: np.ndarray, feature: tf.io.RaggedFeature) -> tf.RaggedTensor:
    """The feature of all examples, or the error about the first example that is wrong."""
    try:
        return tf.io.parse_example(chunk, {place.name: feature})[place.name]
    except tf.errors.InvalidArgumentError as error:
        if len(chunk) == 1:
            rule = f"Expected a feature of one type, {feature.dtype.name}, in all examples: convert it, or drop it:"
            place.refuse(f"{rule} {place.dropped}.", 0, error.message.rpartition("}} ")[2])
        for index in range(len(chunk)):
            _parsed(dataclasses.replace(place, rows=place.rows + index), chunk[index : index + 1], feature)
        raise InputError(f"Expected examples. Received: {error.message.splitlines()[0]}.") from error


def _entries(place: Place, values: np.ndarray, missing: np.ndarray, kind: str) -> np.ndarray:
    if values.dtype != object:
        return (entries.numbers if kind == "number" else entries.text_of_numbers)(place, values, missing)
    texts = entries.decoded(place, values)
    return entries.parsed(place, texts) if kind == "number" else entries.text(place, texts, values == b"")
