"""Arrays of .npy and .npz files with named columns: x0, x1, ... of a matrix, or the fields of a structured array."""

import dataclasses
import functools
import zipfile
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from tfflows.errors import InputError, check
from tfflows.sources import entries, npy, storage
from tfflows.sources.file import File
from tfflows.sources.place import Place, check_names, check_rows
from tfflows.sources.spans import Span, even_spans

NUMBERS, TEXTS, TIMES = "biuf", "US", "mM"  # kinds of NumPy types


@dataclasses.dataclass(frozen=True)
class ArrayTable(File):
    """Rows of an array; empty text is missing, and so is NaN.

    Args:
        path: Path of the file.
        rows: Number of rows.
        record: Structured type of a row, with a field for each column.
    """

    rows: int
    record: np.dtype
    undecided = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return self.record.names

    @property
    def kinds(self) -> dict[str, str]:
        return {name: "number" if self.record[name].kind in NUMBERS else "text" for name in self.names}

    def spans(self, rows: int) -> Iterator[Span]:
        return even_spans(self.rows, rows)

    def columns(self, chunk: np.ndarray, kinds: Mapping[str, str], first_row: int) -> dict[str, np.ndarray]:
        return {name: _entries(Place(self.path, name, first_row), chunk[name], kind) for name, kind in kinds.items()}


@dataclasses.dataclass(frozen=True)
class NpyTable(ArrayTable):
    """A .npy file, of which each span is read separately.

    Args:
        path: Path of the file.
        rows: Number of rows.
        record: Structured type of a row.
        start: Offset of the first byte of the entries.
        fortran: Whether the file holds column after column: it is then mapped into memory.
    """

    start: int
    fortran: bool

    @classmethod
    def open(cls, path: str) -> "NpyTable":
        """Opens an array `[rows, columns]`, `[rows]`, or a structured one `[rows]`.

        Raises:
            InputError: The array has another shape or type, or no rows.
        """
        with storage.open_to_read(path) as file:
            shape, fortran, dtype = npy.header(path, file)
            start = file.tell()
        check_dtype(path, dtype)
        rule = "Expected an array of shape [rows, columns], [rows], or a structured one of shape [rows]: reshape it."
        check(len(shape) == 1 or (len(shape) == 2 and not dtype.names and shape[1] > 0), rule, file=path, shape=shape)
        check_rows(path, shape[0])
        npy.check_whole(path, shape, dtype, start)
        rule = "Expected a remote array in C order, as np.save(path, np.ascontiguousarray(x)) writes it."
        check(not fortran or "://" not in path, rule, file=path, fortran_order=fortran)
        record = dtype if dtype.names else numbered(dtype, shape[1] if len(shape) == 2 else 1)
        return cls(path, shape[0], record, start, fortran)

    def chunks(self, span: Span, size: int) -> Iterator[np.ndarray]:
        if self.fortran:
            array = np.load(self.path, mmap_mode="r")[span.first : span.first + span.rows]
            for some in even_spans(span.rows, size):
                rows = np.ascontiguousarray(array[some.first : some.first + some.rows])
                yield rows.view(self.record)[:, 0]
            return
        with storage.open_to_read(self.path) as file:
            file.seek(self.start + span.first * self.record.itemsize)
            for some in even_spans(span.rows, size):
                yield np.frombuffer(file.read(some.rows * self.record.itemsize), self.record)


@dataclasses.dataclass(frozen=True)
class NpzTable(ArrayTable):
    """A .npz file with a matrix `x` or `X` of the columns x0, x1, ..., and arrays `[rows]`, which are columns, too.

    The arrays are compressed, so a process loads them whole and keeps those of the last file it read.

    Args:
        path: Path of the file.
        rows: Number of rows.
        record: Structured type of a row.
        matrix: Name of the matrix.
        others: Names of the other arrays.
    """

    matrix: str
    others: tuple[str, ...]

    @classmethod
    def open(cls, path: str) -> "NpzTable":
        """Opens an archive; arrays of other shapes in it are ignored.

        Raises:
            InputError: There is no such matrix, or it has no rows.
        """
        found = headers(path)
        matrix = next((name for name in ("x", "X") if len(found.get(name, ((), None))[0]) == 2), None)
        shapes = {name: shape for name, (shape, _) in found.items()}
        rule = "Expected an array `x` or `X` of shape [rows, columns]: np.savez(path, x=...)."
        check(matrix is not None and shapes[matrix][1] > 0, rule, file=path, arrays=shapes)
        (rows, columns), dtype = found.pop(matrix)
        check_dtype(path, dtype)
        check_rows(path, rows)
        others = {name: dtype for name, (shape, dtype) in found.items() if shape == (rows,)}
        fields = numbered(dtype, columns).descr + list(others.items())
        check_names(path, [name for name, _ in fields])
        return cls(path, rows, np.dtype(fields), matrix, tuple(others))

    def chunks(self, span: Span, size: int) -> Iterator[np.ndarray]:
        arrays = _arrays(self.path, storage.stat(self.path)["changed"])
        for some in even_spans(span.rows, size):
            low, high = span.first + some.first, span.first + some.first + some.rows
            chunk = np.empty(some.rows, self.record)
            for index in range(len(self.names) - len(self.others)):
                chunk[f"x{index}"] = arrays[self.matrix][low:high, index]
            for name in self.others:
                chunk[name] = arrays[name][low:high] if name in arrays else None
            yield chunk


def numbered(dtype: np.dtype, columns: int) -> np.dtype:
    """The structured type of a row of a matrix."""
    return np.dtype([(f"x{index}", dtype) for index in range(columns)])


def check_dtype(path: str, dtype: np.dtype) -> None:
    """Raises `InputError` if an array cannot be read as numbers or text."""
    rule = "Expected an array of real numbers or text: convert it, for example with x.astype(float) or x.astype(str)."
    check(not dtype.hasobject and dtype.kind != "c", rule, file=path, dtype=str(dtype))


def _entries(place: Place, values: np.ndarray, kind: str) -> np.ndarray:
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
    if values.dtype.kind in TIMES:
        place.refuse(place.no_dates, 0, str(values[0]))
    if values.dtype.kind in NUMBERS and values.ndim == 1:
        return (entries.numbers if kind == "number" else entries.text_of_numbers)(place, values)
    if values.dtype.kind not in TEXTS or values.ndim > 1:
        rule = "Expected a column of real numbers or text: convert it, for example with x.astype(str), or drop it:"
        place.refuse_type(f"{rule} {place.dropped}.", np.dtype((values.dtype, values.shape[1:])))
    encoded = values.dtype.kind == "S"
    texts = entries.decoded(place, values.tolist()) if encoded else pa.array(values.tolist(), pa.string())
    empty = values == values.dtype.type()
    return entries.parsed(place, texts) if kind == "number" else entries.text(place, texts, empty)


def headers(path: str) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Shape and type of each array of an archive."""
    found = {}
    try:
        with storage.open_to_read(path) as file, zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    shape, _, dtype = npy.header(f"{path}/{name}", member)
                found[name.removesuffix(".npy")] = shape, dtype
    except zipfile.BadZipFile as error:
        raise InputError(f"Expected {path!r} to be written by np.savez. Received: {error}.") from error
    return found


@functools.lru_cache(maxsize=1)
def _arrays(path: str, changed: int) -> dict[str, np.ndarray]:
    with storage.open_to_read(path) as file, np.load(file) as archive:
        shapes = headers(path)
        return {name: archive[name] for name in archive.files if not shapes[name][1].hasobject}
