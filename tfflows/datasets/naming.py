"""What the name of a dataset says."""

import re

from tfflows.datasets.tables.loading import is_path


def family(name: str) -> str:
    """The part of a name before a slash, such as `lsun` in `lsun/bedroom`; a path of files stays as it is."""
    return name if is_path(name) else name.partition("/")[0]


def word(dataset: str) -> str:
    """The name of a dataset, or the name of its first file without the ending, as a word of letters and digits."""
    first = dataset.split(",")[0]
    is_file = bool(re.search(r"[.*?~\\]", first)) or first.startswith("/")
    stem = re.sub(r"\.[A-Za-z0-9-]+$", "", first.rstrip("/").split("/")[-1]) if is_file else first
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_") or "data"
