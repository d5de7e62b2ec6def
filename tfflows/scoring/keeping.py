"""Columns of the input that the table of scores keeps, such as the key of a row."""

from collections.abc import Sequence

import pyarrow as pa

from tfflows.errors import check
from tfflows.scoring.parts import Part
from tfflows.sources.csv_table import CsvTable
from tfflows.sources.parquet_table import ParquetTable
from tfflows.sources.rows import Rows
from tfflows.sources.spans import Source

OWN = ("log_prob", "bits_per_dim", "outlier")  # columns that the table has anyway
PLAIN = (
    *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null),
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_temporal),
)


def schema(sources: Sequence[Source], names: str | Sequence[str], output: str) -> pa.Schema:
    """The kept columns with their types: as in a Parquet file, text of a .csv file.

    Args:
        sources: The sources of the input.
        names: Names of the columns.
        output: Path of the table of scores.

    Raises:
        InputError: A file lacks a column, has it in another type than the others, or has no columns to keep.
    """
    names = [names] if isinstance(names, str) else names
    if not names:
        return pa.schema([])
    rule = "Expected `keep` with the .csv or .parquet files that a model of tables scores, and not with other inputs."
    files = [source.file if isinstance(source, Rows) else source for source in sources]
    check(all(isinstance(file, CsvTable | ParquetTable) for file in files), rule, keep=list(names))
    rule = "Expected an output in .csv or .parquet with `keep`: .npy holds only numbers."
    check(not output.endswith(".npy"), rule, output=output)
    rule = f"Expected different columns in `keep`, and none of {OWN}."
    check(len({*names, *OWN}) == len(names) + len(OWN), rule, keep=list(names))
    for file in files:
        missing = [name for name in names if name not in file.names]
        check(not missing, f"Expected {file.name!r} to have the columns of `keep`.", missing=missing)
    found = [file.schema(names) for file in files]
    for file, its in zip(files, found, strict=True):
        rule = f"Expected the columns of `keep` in the same types in {files[0].name!r} and {file.name!r}."
        check(its.equals(found[0]), rule, types=[str(field.type) for field in its])
    others = {field.name: str(field.type) for field in found[0] if not _is_plain(field.type)}
    rule = "Expected an output in .parquet with columns of `keep` that are neither numbers, text, booleans nor times."
    check(not others or output.endswith(".parquet"), rule, keep=others)
    return found[0]


def _is_plain(dtype: pa.DataType) -> bool:
    """Whether a .csv file can hold values of this type."""
    dtype = dtype.value_type if pa.types.is_dictionary(dtype) else dtype
    return any(is_kind(dtype) for is_kind in PLAIN)


def columns(part: Part, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    """The kept columns of a part, as they are stored."""
    stored = part.source.file.stored(part.span, names) if names else {}
    return {name: stored[name] for name in names}
