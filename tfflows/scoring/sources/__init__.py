"""Where rows are read from: files of four formats, and datasets by name."""

import os
import re
from typing import Any

import tensorflow as tf

from tfflows.errors import check
from tfflows.events import Event
from tfflows.scoring.parts import Source
from tfflows.scoring.sources.csv import Csv
from tfflows.scoring.sources.named import SPLITS as SPLITS
from tfflows.scoring.sources.named import Named
from tfflows.scoring.sources.npy import Npy
from tfflows.scoring.sources.parquet import Parquet
from tfflows.scoring.sources.tfrecord import TfRecord
from tfflows.scoring.storage import absolute

FORMATS = {
    r"\.npy": Npy.of_events,
    r"\.csv": Csv.of,
    r"\.(parquet|pq)": Parquet.of,
    r"\.tfrecords?(-\d+-of-\d+)?": TfRecord.of,  # sharded as TFDS and Beam do
}


def find(name: str, event: Event, *, split: str = "test", options: dict[str, Any] | None = None) -> list[Source]:
    """The sources of an input, in order.

    Args:
        name: A file, a pattern such as `data/*.npy`, a folder (all files in it of a known format), or the name of a
            dataset. The files of a pattern or a folder follow in the order of their names.
        event: What a row must be.
        split: Of a dataset.
        options: Of a dataset.

    Raises:
        InputError: There is no such input, or its rows are of another shape.
    """
    path = absolute(name)
    if tf.io.gfile.isdir(path):
        files = [os.path.join(path, file) for file in sorted(tf.io.gfile.listdir(path)) if _format(file)]
        check(bool(files), "Expected a folder with .npy, .csv, .parquet or .tfrecord files.", input=name)
    elif _format(name) or "*" in name or "?" in name:
        files = sorted(tf.io.gfile.glob(path))
        check(bool(files), "Expected --input to be the name of a dataset, or files that are there.", input=name)
    else:
        return [Named.of(name, split, event, options or {})]
    return [_source(file, event) for file in files]


def _source(path: str, event: Event) -> Source:
    source = _format(path)
    check(source is not None, "Expected files named .npy, .csv, .parquet or .tfrecord.", input=path)
    return source(path, event)


def _format(path: str) -> Any:
    return next((source for ending, source in FORMATS.items() if re.search(ending + "$", path)), None)
