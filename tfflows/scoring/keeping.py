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


def schema(sources: Sequence[Source], names: Sequence[str], output: str) -> pa.Schema:
    """The kept columns with their types: as in a Parquet file, text of a .csv file.

    Args:
        sources: The sources of the input.
        names: Names of the columns.
        output: Path of the table of scores.

    Raises:
        InputError: A file lacks a column, has it in another type than the others, or has no columns to keep.
    """
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
    nested = [field.name for field in found[0] if pa.types.is_nested(field.type)]
    check(not nested or output.endswith(".parquet"), "Expected an output in .parquet for lists in `keep`.", keep=nested)
    return found[0]


def columns(part: Part, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    """The kept columns of a part, as they are stored."""
    stored = part.source.file.stored(part.span, names) if names else {}
    return {name: stored[name] for name in names}
