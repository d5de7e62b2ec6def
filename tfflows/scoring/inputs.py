"""The input of a run: files of rows in four formats, or a dataset by its name."""

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfflows.datasets import folders
from tfflows.errors import check
from tfflows.events import Event
from tfflows.scoring.named import Named
from tfflows.sources.csv import Csv
from tfflows.sources.encoding import Encoder
from tfflows.sources.npy import Npy
from tfflows.sources.parquet import Parquet
from tfflows.sources.rows import Rows
from tfflows.sources.spans import Source
from tfflows.sources.storage import absolute
from tfflows.sources.table import expand, format_of, in_folder
from tfflows.sources.tfrecord import TfRecord

NO_SPLIT = "Expected no `split` for files of rows, all of which are scored."

FORMATS = {
    r"\.npy": Npy.open_events,
    r"\.csv": Csv.open,
    r"\.(parquet|pq)": Parquet.open,
    r"\.tfrecords?(-\d+-of-\d+)?": TfRecord.open,  # with the shard names of TFDS and Beam
}


def of_table(name: str, event: Event, options: Mapping[str, Any]) -> list[Source]:
    """The sources of a model of tables: files with its columns, in any order, and with any others.

    Args:
        name: Path of a file, a pattern, a folder, or several of these with commas between.
        event: A row of the table; without classes if the labels are elsewhere.
        options: Options of tables: `label`, the name of the column with the classes, and `delimiter`.

    Raises:
        InputError: A file does not exist, or lacks a column.
    """
    encoder = Encoder(event, options.get("label") if event.classes else None)
    return [Rows.open(file, encoder, options.get("delimiter", ",")) for file in expand(name)]


def find(name: str, event: Event, *, split: str | None = None, options: dict[str, Any] | None = None) -> list[Source]:
    """The sources of an input, in order.

    Args:
        name: Path of a file, a pattern such as `data/*.npy`, a folder (all its files in a known format), a folder
            of images, or the name of a dataset. The files of a pattern or a folder are sorted by name.
        event: Event that each row must be.
        split: Split of a dataset; None for the test set, or for all images if they have no predefined splits.
        options: Options of a dataset.

    Raises:
        InputError: The input does not exist, or its rows have another shape.
    """
    path = absolute(name)
    if tf.io.gfile.isdir(path) and not folders.is_path(path):
        files = [os.path.join(path, file) for file in in_folder(path, FORMATS)]
        check(bool(files), "Expected a folder with .npy, .csv, .parquet or .tfrecord files.", input=name)
    elif not tf.io.gfile.isdir(path) and (format_of(name, FORMATS) or "*" in name or "?" in name):
        files = sorted(tf.io.gfile.glob(path))
        check(bool(files), "Expected `input` to be the name of a dataset, or files that exist.", input=name)
    else:
        return [Named.open(name, split, event, options or {})]
    check(split is None, NO_SPLIT, split=split)
    return [_source(file, event) for file in files]


def _source(path: str, event: Event) -> Source:
    source = format_of(path, FORMATS)
    check(source is not None, "Expected files named .npy, .csv, .parquet or .tfrecord.", input=path)
    return source(path, event)
